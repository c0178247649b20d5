CREATE TABLE air_record (
    id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at DATETIME NOT NULL,
    kind VARCHAR NOT NULL,
    airing_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    detail VARCHAR,
    PRIMARY KEY (id)
);

CREATE INDEX ix_air_record_airing_id ON air_record (airing_id);

CREATE TABLE airing (
    id INTEGER NOT NULL,
    slot_id INTEGER NOT NULL,
    starts_at DATETIME NOT NULL,
    stops_at DATETIME NOT NULL,
    target_samples INTEGER NOT NULL,
    compile_at DATETIME NOT NULL,
    state VARCHAR NOT NULL,
    readiness VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    armed_version INTEGER NOT NULL,
    created_at DATETIME NOT NULL, armed_as VARCHAR, arming INTEGER DEFAULT '0' NOT NULL, turns JSON DEFAULT '[]' NOT NULL, instead_id INTEGER REFERENCES programme (id),
    PRIMARY KEY (id),
    FOREIGN KEY(slot_id) REFERENCES slot (id),
    UNIQUE (slot_id, starts_at)
);

CREATE INDEX ix_airing_slot_id ON airing (slot_id);

CREATE INDEX ix_airing_starts_at ON airing (starts_at);

CREATE TABLE alarm (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    airing_id INTEGER,
    feed_id INTEGER,
    raised_at DATETIME NOT NULL,
    cleared_at DATETIME, step INTEGER DEFAULT '0' NOT NULL, site_id INTEGER REFERENCES site (id), change_id INTEGER REFERENCES line_change (id),
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
);

CREATE INDEX ix_alarm_key ON alarm ("key");

CREATE TABLE artefact (
    id INTEGER NOT NULL,
    rundown_id INTEGER NOT NULL,
    recipe VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    extension VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    bytes INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    sample_rate INTEGER NOT NULL,
    frames INTEGER,
    loudness_lufs FLOAT,
    peak_dbtp FLOAT,
    joins JSON NOT NULL,
    rendered_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(rundown_id) REFERENCES rundown (id),
    UNIQUE (rundown_id, recipe)
);

CREATE INDEX ix_artefact_rundown_id ON artefact (rundown_id);

CREATE INDEX ix_artefact_sha256 ON artefact (sha256);

CREATE TABLE as_run (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    feed_id INTEGER,
    version INTEGER,
    position INTEGER NOT NULL,
    segment_id INTEGER,
    source VARCHAR NOT NULL,
    starts_at DATETIME NOT NULL,
    ends_at DATETIME NOT NULL,
    evidence VARCHAR NOT NULL,
    details JSON NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(line_id) REFERENCES line (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    UNIQUE (airing_id, line_id, feed_id, position)
);

CREATE INDEX ix_as_run_airing_id ON as_run (airing_id);

CREATE INDEX ix_as_run_segment ON as_run (segment_id, starts_at, airing_id, evidence);

CREATE INDEX ix_as_run_starts_at ON as_run (starts_at);

CREATE TABLE attempt (
    id INTEGER NOT NULL,
    handoff_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    outcome VARCHAR NOT NULL,
    detail VARCHAR,
    receipt JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(handoff_id) REFERENCES handoff (id),
    UNIQUE (handoff_id, number)
);

CREATE INDEX ix_attempt_handoff_id ON attempt (handoff_id);

CREATE TABLE background (
    id INTEGER NOT NULL,
    season VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    encoding VARCHAR NOT NULL,
    lines INTEGER NOT NULL,
    left_out JSON NOT NULL,
    problems JSON NOT NULL,
    unread INTEGER NOT NULL,
    imported_at DATETIME NOT NULL,
    imported_by INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(imported_by) REFERENCES person (id)
);

CREATE INDEX ix_background_season ON background (season);

CREATE TABLE background_line (
    id INTEGER NOT NULL,
    background_id INTEGER NOT NULL,
    "key" VARCHAR NOT NULL,
    khz FLOAT NOT NULL,
    start_minute INTEGER NOT NULL,
    stop_minute INTEGER NOT NULL,
    days VARCHAR NOT NULL,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    site VARCHAR NOT NULL,
    who VARCHAR NOT NULL,
    zones VARCHAR NOT NULL,
    power_kw FLOAT,
    azimuth INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(background_id) REFERENCES background (id)
);

CREATE INDEX ix_background_line_background_id ON background_line (background_id);

CREATE TABLE browser_session (
    id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    key_id INTEGER,
    token_sha256 VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(key_id) REFERENCES "key" (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    UNIQUE (token_sha256)
);

CREATE INDEX ix_browser_session_person_id ON browser_session (person_id);

CREATE TABLE contract (
    id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    booked_minutes INTEGER NOT NULL,
    booked_per VARCHAR NOT NULL,
    price_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    billing_unit VARCHAR NOT NULL,
    notice_days INTEGER,
    note VARCHAR,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL, hours JSON DEFAULT '[]' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_contract_site_id ON contract (site_id);

CREATE TABLE cut (
    id INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    edits JSON NOT NULL,
    edits_sha256 VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    problem JSON,
    gain_db FLOAT NOT NULL,
    made_at DATETIME NOT NULL,
    made_by INTEGER,
    approved_at DATETIME,
    approved_by INTEGER,
    master_sha256 VARCHAR,
    samples INTEGER,
    cue_in INTEGER,
    cue_out INTEGER,
    loudness_lufs FLOAT,
    peak_dbtp FLOAT,
    peaks_sha256 VARCHAR,
    joins JSON NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id) ON DELETE CASCADE,
    FOREIGN KEY(made_by) REFERENCES person (id),
    FOREIGN KEY(approved_by) REFERENCES person (id),
    UNIQUE (segment_id, number)
);

CREATE INDEX ix_cut_master_sha256 ON cut (master_sha256);

CREATE INDEX ix_cut_segment_id ON cut (segment_id);

CREATE TABLE edition (
    airing_id INTEGER NOT NULL,
    base_version INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    clock JSON NOT NULL,
    excluded JSON NOT NULL,
    edited_at DATETIME NOT NULL,
    edited_by INTEGER,
    PRIMARY KEY (airing_id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(edited_by) REFERENCES person (id)
);

CREATE TABLE event (
    id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    subject VARCHAR NOT NULL,
    subject_id INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE feed (
    id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    protocol VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    credential VARCHAR,
    codec VARCHAR NOT NULL,
    sample_rate INTEGER NOT NULL,
    bitrate_kbps INTEGER,
    profile JSON NOT NULL,
    name_template VARCHAR NOT NULL,
    sidecar VARCHAR NOT NULL,
    read_back VARCHAR NOT NULL,
    max_duration_s INTEGER,
    lead_s INTEGER NOT NULL,
    warn_s INTEGER NOT NULL,
    deadline_s INTEGER NOT NULL,
    accept_until_s INTEGER NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    revision INTEGER NOT NULL, options JSON DEFAULT '{}' NOT NULL, "temporary" VARCHAR DEFAULT '.{name}.part' NOT NULL, may_remove BOOLEAN DEFAULT 0 NOT NULL, second_feed_id INTEGER REFERENCES feed (id), second_route VARCHAR DEFAULT 'in_order' NOT NULL, channels INTEGER DEFAULT '1' NOT NULL, lead_in JSON DEFAULT '{}' NOT NULL, part JSON DEFAULT '{}' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(site_id) REFERENCES site (id),
    UNIQUE (name)
);

CREATE INDEX ix_feed_site_id ON feed (site_id);

CREATE TABLE fetch (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    pull_key_id INTEGER NOT NULL,
    handoff_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    method VARCHAR NOT NULL,
    status INTEGER NOT NULL,
    first_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    bytes_sent INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    remote_address VARCHAR NOT NULL,
    user_agent VARCHAR NOT NULL, ended VARCHAR,
    PRIMARY KEY (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(handoff_id) REFERENCES handoff (id),
    FOREIGN KEY(pull_key_id) REFERENCES pull_key (id)
);

CREATE INDEX ix_fetch_feed_id_name ON fetch (feed_id, name);

CREATE INDEX ix_fetch_handoff_id ON fetch (handoff_id);

CREATE TABLE folder_check (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    checked_at DATETIME NOT NULL,
    listed INTEGER,
    findings JSON NOT NULL,
    removed INTEGER NOT NULL,
    error VARCHAR,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    UNIQUE (airing_id, feed_id)
);

CREATE INDEX ix_folder_check_airing_id ON folder_check (airing_id);

CREATE INDEX ix_folder_check_feed_id ON folder_check (feed_id);

CREATE TABLE handoff (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    artefact_id INTEGER NOT NULL,
    object_name VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    was_late BOOLEAN NOT NULL,
    deliver_at DATETIME NOT NULL,
    deadline_at DATETIME NOT NULL,
    accept_until DATETIME NOT NULL,
    next_attempt_at DATETIME NOT NULL,
    attempts INTEGER NOT NULL,
    verified_at DATETIME,
    rechecked_at DATETIME,
    error VARCHAR,
    created_at DATETIME NOT NULL, held BOOLEAN DEFAULT 0 NOT NULL, manual JSON, frequencies JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(artefact_id) REFERENCES artefact (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    UNIQUE (airing_id, feed_id, version)
);

CREATE INDEX ix_handoff_airing_id ON handoff (airing_id);

CREATE INDEX ix_handoff_feed_id ON handoff (feed_id);

CREATE INDEX ix_handoff_state ON handoff (state);

CREATE TABLE idempotent_request (
    id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    "key" VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    status INTEGER,
    body VARCHAR,
    location VARCHAR,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    UNIQUE (person_id, "key")
);

CREATE TABLE imported_file (
    id INTEGER NOT NULL,
    path VARCHAR NOT NULL,
    bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    UNIQUE (path)
);

CREATE TABLE intent (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    handoff_id INTEGER,
    kind VARCHAR NOT NULL,
    person_id INTEGER,
    created_at DATETIME NOT NULL,
    carried_out_at DATETIME,
    refused VARCHAR, details JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(handoff_id) REFERENCES handoff (id),
    FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE INDEX ix_intent_airing_id ON intent (airing_id);

CREATE INDEX ix_intent_carried_out_at ON intent (carried_out_at);

CREATE TABLE jammer (
    id INTEGER NOT NULL,
    khz FLOAT NOT NULL,
    site VARCHAR NOT NULL,
    since DATE,
    note VARCHAR,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE job (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    payload JSON NOT NULL,
    state VARCHAR NOT NULL,
    worker VARCHAR,
    tries INTEGER NOT NULL,
    result JSON,
    problem JSON,
    created_at DATETIME NOT NULL,
    finished_at DATETIME, urgent BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE ("key")
);

CREATE INDEX ix_job_state ON job (state);

CREATE TABLE journal (
    id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    person_id INTEGER,
    action VARCHAR NOT NULL,
    subject_id INTEGER,
    details JSON NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE INDEX ix_journal_at ON journal (at);

CREATE TABLE "key" (
    id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    label VARCHAR NOT NULL,
    secret_sha256 VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    revoked_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    UNIQUE (secret_sha256)
);

CREATE INDEX ix_key_person_id ON "key" (person_id);

CREATE TABLE line (
    id INTEGER NOT NULL,
    slot_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    khz INTEGER NOT NULL,
    power_kw FLOAT,
    azimuth INTEGER,
    ciraf_zones VARCHAR,
    days VARCHAR NOT NULL,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL, transmitter VARCHAR, synchronised VARCHAR, texts JSON DEFAULT '{}' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(site_id) REFERENCES site (id),
    FOREIGN KEY(slot_id) REFERENCES slot (id)
);

CREATE INDEX ix_line_slot_id ON line (slot_id);

CREATE TABLE line_change (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    line_id INTEGER,
    slot_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    khz INTEGER NOT NULL,
    power_kw FLOAT,
    azimuth INTEGER,
    ciraf_zones VARCHAR,
    transmitter VARCHAR,
    synchronised VARCHAR,
    feed_ids JSON NOT NULL,
    days VARCHAR NOT NULL,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    starts_at DATETIME NOT NULL,
    reason VARCHAR NOT NULL,
    asked_by INTEGER,
    created_at DATETIME NOT NULL,
    state VARCHAR NOT NULL,
    requested_at DATETIME,
    cut_off_at DATETIME NOT NULL,
    answered_at DATETIME,
    answered_by INTEGER,
    answered_name VARCHAR,
    answered_how VARCHAR,
    answer_note VARCHAR,
    was JSON,
    became JSON,
    new_line_id INTEGER,
    rest_line_id INTEGER,
    rolled_from_id INTEGER,
    undone_at DATETIME,
    undone_by INTEGER,
    revision INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(line_id) REFERENCES line (id),
    FOREIGN KEY(slot_id) REFERENCES slot (id),
    FOREIGN KEY(site_id) REFERENCES site (id),
    FOREIGN KEY(asked_by) REFERENCES person (id),
    FOREIGN KEY(answered_by) REFERENCES person (id),
    FOREIGN KEY(new_line_id) REFERENCES line (id),
    FOREIGN KEY(rest_line_id) REFERENCES line (id),
    FOREIGN KEY(rolled_from_id) REFERENCES line (id),
    FOREIGN KEY(undone_by) REFERENCES person (id)
);

CREATE INDEX ix_line_change_line_id ON line_change (line_id);

CREATE INDEX ix_line_change_site_id ON line_change (site_id);

CREATE INDEX ix_line_change_slot_id ON line_change (slot_id);

CREATE INDEX ix_line_change_state ON line_change (state);

CREATE TABLE line_feed (
    line_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    PRIMARY KEY (line_id, feed_id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(line_id) REFERENCES line (id)
);

CREATE TABLE listening (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    finding VARCHAR NOT NULL,
    delay_s FLOAT,
    likeness FLOAT,
    loudness_dbfs FLOAT,
    level VARCHAR,
    confirmed BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
);

CREATE INDEX ix_listening_airing_id ON listening (airing_id);

CREATE INDEX ix_listening_at ON listening (at);

CREATE TABLE log_entry (
    id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    starts_at DATETIME NOT NULL,
    stops_at DATETIME NOT NULL,
    khz INTEGER,
    status VARCHAR NOT NULL,
    aired BOOLEAN NOT NULL,
    row_sha256 VARCHAR NOT NULL,
    occurrence INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(contract_id) REFERENCES contract (id),
    FOREIGN KEY(import_id) REFERENCES log_import (id),
    UNIQUE (contract_id, row_sha256, occurrence)
);

CREATE INDEX ix_log_entry_import_id ON log_entry (import_id);

CREATE TABLE log_import (
    id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    file_name VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    mapping JSON NOT NULL,
    rows INTEGER NOT NULL,
    imported_at DATETIME NOT NULL,
    imported_by INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(contract_id) REFERENCES contract (id),
    FOREIGN KEY(imported_by) REFERENCES person (id)
);

CREATE INDEX ix_log_import_contract_id ON log_import (contract_id);

CREATE TABLE login_link (
    id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    token_sha256 VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    used_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    UNIQUE (token_sha256)
);

CREATE TABLE notice_change (
    notice_id INTEGER NOT NULL,
    change_id INTEGER NOT NULL,
    PRIMARY KEY (notice_id, change_id),
    FOREIGN KEY(notice_id) REFERENCES site_notice (id),
    FOREIGN KEY(change_id) REFERENCES line_change (id)
);

CREATE INDEX ix_notice_change_change_id ON notice_change (change_id);

CREATE TABLE notification (
    id INTEGER NOT NULL,
    alarm_id INTEGER NOT NULL,
    channel VARCHAR NOT NULL,
    next_attempt_at DATETIME,
    attempts INTEGER NOT NULL,
    sent_at DATETIME,
    error VARCHAR, step INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(alarm_id) REFERENCES alarm (id)
);

CREATE INDEX ix_notification_alarm_id ON notification (alarm_id);

CREATE TABLE offer (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    handoff_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    media_type VARCHAR NOT NULL,
    suffix VARCHAR NOT NULL,
    content BLOB,
    offered_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id),
    FOREIGN KEY(handoff_id) REFERENCES handoff (id),
    UNIQUE (feed_id, name)
);

CREATE INDEX ix_offer_feed_id ON offer (feed_id);

CREATE INDEX ix_offer_handoff_id ON offer (handoff_id);

CREATE TABLE person (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    disabled_at DATETIME, email VARCHAR, approves BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE pool_entry (
    id INTEGER NOT NULL,
    slot_id INTEGER NOT NULL,
    khz INTEGER NOT NULL,
    site_id INTEGER,
    legal_status VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(slot_id) REFERENCES slot (id),
    FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_pool_entry_slot_id ON pool_entry (slot_id);

CREATE TABLE prediction (
    circuit_key VARCHAR NOT NULL,
    khz INTEGER NOT NULL,
    snr_db JSON NOT NULL,
    reliability_percent JSON NOT NULL,
    muf_khz JSON NOT NULL,
    computed_at DATETIME NOT NULL,
    PRIMARY KEY (circuit_key, khz)
);

CREATE INDEX ix_prediction_computed_at ON prediction (computed_at);

CREATE TABLE programme (
    id INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    clock JSON NOT NULL,
    standby_segment_id INTEGER,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL, live_input BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(standby_segment_id) REFERENCES segment (id),
    UNIQUE (code)
);

CREATE TABLE pull_key (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    label VARCHAR NOT NULL,
    token_sha256 VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    created_by INTEGER,
    revoked_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY(created_by) REFERENCES person (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id) ON DELETE CASCADE,
    UNIQUE (token_sha256)
);

CREATE INDEX ix_pull_key_feed_id ON pull_key (feed_id);

CREATE TABLE reception_report (
    id INTEGER NOT NULL,
    heard_at DATETIME NOT NULL,
    line_id INTEGER NOT NULL,
    khz INTEGER NOT NULL,
    sinpo VARCHAR,
    overall INTEGER NOT NULL,
    jamming VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    place VARCHAR,
    latitude FLOAT,
    longitude FLOAT,
    note VARCHAR,
    taken_by INTEGER,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(line_id) REFERENCES line (id),
    FOREIGN KEY(taken_by) REFERENCES person (id)
);

CREATE INDEX ix_reception_report_heard_at ON reception_report (heard_at);

CREATE INDEX ix_reception_report_khz ON reception_report (khz);

CREATE INDEX ix_reception_report_line_id ON reception_report (line_id);

CREATE TABLE reminder (
    id INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    step VARCHAR NOT NULL,
    person_id INTEGER,
    arrived_at DATETIME NOT NULL,
    cut_off_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    next_attempt_at DATETIME,
    attempts INTEGER NOT NULL,
    sent_at DATETIME,
    error VARCHAR,
    PRIMARY KEY (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    UNIQUE (segment_id, cut, airing_id, step, person_id)
);

CREATE INDEX ix_reminder_next_attempt_at ON reminder (next_attempt_at);

CREATE UNIQUE INDEX ix_reminder_webhook ON reminder (segment_id, cut, airing_id, step) WHERE person_id IS NULL;

CREATE TABLE replacement (
    id INTEGER NOT NULL,
    slot_id INTEGER NOT NULL,
    on_date DATE NOT NULL,
    programme_id INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    created_by INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(slot_id) REFERENCES slot (id),
    FOREIGN KEY(programme_id) REFERENCES programme (id),
    FOREIGN KEY(created_by) REFERENCES person (id),
    UNIQUE (slot_id, on_date)
);

CREATE TABLE reply_link (
    id INTEGER NOT NULL,
    notice_id INTEGER NOT NULL,
    token_sha256 VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(notice_id) REFERENCES site_notice (id),
    UNIQUE (token_sha256)
);

CREATE INDEX ix_reply_link_notice_id ON reply_link (notice_id);

CREATE TABLE rundown (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    level VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    compiled_at DATETIME NOT NULL, unspoken JSON DEFAULT '[]' NOT NULL, clock_sha256 VARCHAR, awaited JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    UNIQUE (airing_id, version)
);

CREATE INDEX ix_rundown_airing_id ON rundown (airing_id);

CREATE TABLE segment (
    id INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    tags JSON NOT NULL,
    presenter VARCHAR,
    air_from DATETIME,
    air_until DATETIME,
    state VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    created_by INTEGER,
    approved_at DATETIME,
    approved_by INTEGER,
    revision INTEGER NOT NULL,
    original_name VARCHAR,
    original_sha256 VARCHAR,
    original_bytes INTEGER,
    master_sha256 VARCHAR,
    samples INTEGER,
    cue_in INTEGER,
    cue_out INTEGER,
    loudness_lufs FLOAT,
    peak_dbtp FLOAT,
    leading_silence_samples INTEGER,
    trailing_silence_samples INTEGER,
    silences JSON NOT NULL,
    clipped_samples INTEGER,
    damaged BOOLEAN NOT NULL,
    peaks_sha256 VARCHAR,
    problem JSON, series VARCHAR, episode INTEGER, awaited_as VARCHAR, awaited_on DATE, spoken_key VARCHAR, spoken JSON, script VARCHAR, notes VARCHAR, rights VARCHAR, pseudonym VARCHAR, batch VARCHAR, max_airings INTEGER, retain_until DATE, approved_cut INTEGER, played_samples INTEGER, cut INTEGER DEFAULT '0' NOT NULL, fingerprint_sha256 VARCHAR,
    PRIMARY KEY (id),
    FOREIGN KEY(approved_by) REFERENCES person (id),
    FOREIGN KEY(created_by) REFERENCES person (id)
);

CREATE INDEX ix_segment_awaited ON segment (awaited_on, awaited_as);

CREATE INDEX ix_segment_batch ON segment (batch);

CREATE INDEX ix_segment_kind ON segment (kind);

CREATE INDEX ix_segment_master_sha256 ON segment (master_sha256);

CREATE INDEX ix_segment_original_sha256 ON segment (original_sha256);

CREATE INDEX ix_segment_retain_until ON segment (retain_until);

CREATE INDEX ix_segment_series ON segment (series);

CREATE UNIQUE INDEX ix_segment_spoken_key ON segment (spoken_key);

CREATE INDEX ix_segment_state ON segment (state);

CREATE TABLE segment_landmark (
    word INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    frame INTEGER NOT NULL,
    PRIMARY KEY (word, segment_id, frame),
    FOREIGN KEY(segment_id) REFERENCES segment (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE TABLE segment_note (
    id INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    at_sample INTEGER,
    text VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    created_by INTEGER,
    resolved_at DATETIME,
    resolved_by INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    FOREIGN KEY(created_by) REFERENCES person (id),
    FOREIGN KEY(resolved_by) REFERENCES person (id)
);

CREATE INDEX ix_segment_note_segment_id ON segment_note (segment_id);

CREATE TABLE segment_search (
    segment_id INTEGER NOT NULL,
    spelled VARCHAR NOT NULL,
    typed VARCHAR NOT NULL,
    PRIMARY KEY (segment_id),
    FOREIGN KEY(segment_id) REFERENCES segment (id) ON DELETE CASCADE
);

CREATE TABLE segment_tag (
    tag VARCHAR NOT NULL,
    segment_id INTEGER NOT NULL,
    PRIMARY KEY (tag, segment_id),
    FOREIGN KEY(segment_id) REFERENCES segment (id) ON DELETE CASCADE
);

CREATE INDEX ix_segment_tag_segment_id ON segment_tag (segment_id);

CREATE TABLE sign_off (
    id INTEGER NOT NULL,
    airing_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    signed_at DATETIME NOT NULL,
    signed_by INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(airing_id) REFERENCES airing (id),
    FOREIGN KEY(signed_by) REFERENCES person (id),
    UNIQUE (airing_id, version, signed_by)
);

CREATE TABLE site (
    id INTEGER NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    operator VARCHAR,
    latitude FLOAT,
    longitude FLOAT,
    contacts VARCHAR,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL, desk JSON DEFAULT '{}' NOT NULL, desk_in_alarms BOOLEAN DEFAULT 0 NOT NULL, notice_h FLOAT DEFAULT '0' NOT NULL, notice_mail VARCHAR, country VARCHAR, retune_s INTEGER,
    PRIMARY KEY (id),
    UNIQUE (code)
);

CREATE TABLE site_notice (
    id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    mail_to VARCHAR,
    subject VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    cut_off_at DATETIME,
    created_at DATETIME NOT NULL,
    next_attempt_at DATETIME,
    attempts INTEGER NOT NULL,
    sent_at DATETIME,
    error VARCHAR,
    PRIMARY KEY (id),
    FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_site_notice_next_attempt_at ON site_notice (next_attempt_at);

CREATE INDEX ix_site_notice_site_id ON site_notice (site_id);

CREATE TABLE slot (
    id INTEGER NOT NULL,
    programme_id INTEGER NOT NULL,
    start_minute INTEGER NOT NULL,
    stop_minute INTEGER NOT NULL,
    days VARCHAR NOT NULL,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    early_off_s INTEGER NOT NULL,
    compile_lead_s INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(programme_id) REFERENCES programme (id)
);

CREATE INDEX ix_slot_programme_id ON slot (programme_id);

CREATE TABLE stand_in (
    id INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    segment_id INTEGER,
    recipe VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    extension VARCHAR NOT NULL,
    bytes INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    sample_rate INTEGER NOT NULL,
    rendered_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    UNIQUE (source, recipe)
);

CREATE INDEX ix_stand_in_sha256 ON stand_in (sha256);

CREATE TABLE station (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    is_demo BOOLEAN NOT NULL,
    evergreen_segment_id INTEGER,
    interval_signal_sha256 VARCHAR,
    interval_signal_samples INTEGER,
    materialised_until DATETIME,
    air_journal_position INTEGER NOT NULL,
    created_at DATETIME NOT NULL, spoken_name VARCHAR, announced_zone VARCHAR DEFAULT 'kst' NOT NULL, frequencies_spoken BOOLEAN DEFAULT '1' NOT NULL, next_spoken BOOLEAN DEFAULT '1' NOT NULL, approved_by_another BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(evergreen_segment_id) REFERENCES segment (id)
);

CREATE TABLE upload (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    person_id INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    length INTEGER NOT NULL,
    received INTEGER NOT NULL,
    file_name VARCHAR NOT NULL,
    fields JSON NOT NULL,
    announced VARCHAR NOT NULL,
    batch VARCHAR,
    sha256 VARCHAR,
    created_at DATETIME NOT NULL,
    progressed_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    segment_id INTEGER,
    problem JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(person_id) REFERENCES person (id),
    FOREIGN KEY(segment_id) REFERENCES segment (id),
    UNIQUE (name)
);

CREATE INDEX ix_upload_batch ON upload (batch);

CREATE INDEX ix_upload_person_id ON upload (person_id);

CREATE INDEX ix_upload_state ON upload (state);
