--
-- PostgreSQL database dump
--

\restrict DuSNacwA9aMezr81HrcZdWsQXMaidVDznBXJ41zFIBK5iH1td5CJDqXRthqWWfa

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: cc_files; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.cc_files (
    id integer NOT NULL,
    name character varying(255) DEFAULT ''::character varying NOT NULL,
    mime character varying(255) DEFAULT ''::character varying NOT NULL,
    ftype character varying(128) DEFAULT ''::character varying NOT NULL,
    filepath text DEFAULT ''::text,
    import_status integer DEFAULT 1 NOT NULL,
    track_title character varying(512),
    artist_name character varying(512),
    length interval DEFAULT '00:00:00'::interval,
    album_title character varying(512),
    genre character varying(64),
    comments text,
    file_exists boolean DEFAULT true,
    replay_gain numeric,
    owner_id integer,
    cuein interval DEFAULT '00:00:00'::interval,
    cueout interval DEFAULT '00:00:00'::interval,
    hidden boolean DEFAULT false,
    filesize integer DEFAULT 0 NOT NULL,
    track_type_id integer
);


ALTER TABLE public.cc_files OWNER TO postgres;

--
-- Name: cc_files_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.cc_files_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.cc_files_id_seq OWNER TO postgres;

--
-- Name: cc_files_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.cc_files_id_seq OWNED BY public.cc_files.id;


--
-- Name: cc_playlist; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.cc_playlist (
    id integer NOT NULL,
    name character varying(255) DEFAULT ''::character varying NOT NULL,
    description character varying(512),
    length interval DEFAULT '00:00:00'::interval
);


ALTER TABLE public.cc_playlist OWNER TO postgres;

--
-- Name: cc_playlist_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.cc_playlist_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.cc_playlist_id_seq OWNER TO postgres;

--
-- Name: cc_playlist_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.cc_playlist_id_seq OWNED BY public.cc_playlist.id;


--
-- Name: cc_show; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.cc_show (
    id integer NOT NULL,
    name character varying(255) DEFAULT ''::character varying NOT NULL
);


ALTER TABLE public.cc_show OWNER TO postgres;

--
-- Name: cc_show_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.cc_show_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.cc_show_id_seq OWNER TO postgres;

--
-- Name: cc_show_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.cc_show_id_seq OWNED BY public.cc_show.id;


--
-- Name: cc_track_types; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.cc_track_types (
    id integer NOT NULL,
    code character varying(16) DEFAULT ''::character varying NOT NULL,
    visibility boolean DEFAULT true NOT NULL,
    type_name character varying(64) DEFAULT ''::character varying NOT NULL,
    description character varying(255) DEFAULT ''::character varying NOT NULL,
    analyze_cue_points boolean DEFAULT true NOT NULL
);


ALTER TABLE public.cc_track_types OWNER TO postgres;

--
-- Name: cc_track_types_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.cc_track_types_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.cc_track_types_id_seq OWNER TO postgres;

--
-- Name: cc_track_types_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.cc_track_types_id_seq OWNED BY public.cc_track_types.id;


--
-- Name: cc_files id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_files ALTER COLUMN id SET DEFAULT nextval('public.cc_files_id_seq'::regclass);


--
-- Name: cc_playlist id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_playlist ALTER COLUMN id SET DEFAULT nextval('public.cc_playlist_id_seq'::regclass);


--
-- Name: cc_show id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_show ALTER COLUMN id SET DEFAULT nextval('public.cc_show_id_seq'::regclass);


--
-- Name: cc_track_types id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_track_types ALTER COLUMN id SET DEFAULT nextval('public.cc_track_types_id_seq'::regclass);


--
-- Data for Name: cc_files; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.cc_files (id, name, mime, ftype, filepath, import_status, track_title, artist_name, length, album_title, genre, comments, file_exists, replay_gain, owner_id, cuein, cueout, hidden, filesize, track_type_id) VALUES
	(1, '', '', '', 'imported/1/김하늘/앨범/뉴스.mp3', 0, '뉴스	탭 \ 역사선 ''따옴'' (괄호), 쉼표;', '김하늘', '00:03:05', NULL, 'News', '여러
줄의
말\N \. \t', true, NULL, NULL, '00:00:01.5', '00:03:04.25', false, 0, 2),
	(2, '', '', '', 'imported/1/x.mp3', 0, '\N', NULL, '1 day 02:00:00.5', '', '', NULL, true, NULL, NULL, '00:00:00', '00:00:00', false, 0, NULL),
	(3, '', '', '', 'imported/1/y.mp3', 0, '둘', 'v', NULL, 'a', 'b', '\.
\.', true, NULL, NULL, '00:00:00', '00:00:00', true, 0, 3);
INSERT INTO public.cc_files (id, name, mime, ftype, filepath, import_status, track_title, artist_name, length, album_title, genre, comments, file_exists, replay_gain, owner_id, cuein, cueout, hidden, filesize, track_type_id) VALUES
	(4, '', '', '', 'imported/1/z.mp3', 2, '셋', NULL, NULL, 'a', 'b', NULL, false, NULL, NULL, '00:00:00', '00:00:00', false, 0, 1);


--
-- Data for Name: cc_playlist; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.cc_playlist (id, name, description, length) VALUES
	(1, '하나', NULL, '00:00:00'),
	(2, '둘; (x)', NULL, '00:00:00');


--
-- Data for Name: cc_show; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.cc_show (id, name) VALUES
	(1, '아침 방송'),
	(2, 'tab	here');


--
-- Data for Name: cc_track_types; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.cc_track_types (id, code, visibility, type_name, description, analyze_cue_points) VALUES
	(1, 'MUS', true, 'Music', '', true),
	(2, 'NWS', true, 'News', '', true),
	(3, 'TST', true, '수기''s', '', true);


--
-- Name: cc_files_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.cc_files_id_seq', 4, true);


--
-- Name: cc_playlist_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.cc_playlist_id_seq', 2, true);


--
-- Name: cc_show_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.cc_show_id_seq', 2, true);


--
-- Name: cc_track_types_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.cc_track_types_id_seq', 3, true);


--
-- Name: cc_files cc_files_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_files
    ADD CONSTRAINT cc_files_pkey PRIMARY KEY (id);


--
-- Name: cc_playlist cc_playlist_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_playlist
    ADD CONSTRAINT cc_playlist_pkey PRIMARY KEY (id);


--
-- Name: cc_show cc_show_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_show
    ADD CONSTRAINT cc_show_pkey PRIMARY KEY (id);


--
-- Name: cc_track_types cc_track_types_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.cc_track_types
    ADD CONSTRAINT cc_track_types_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict DuSNacwA9aMezr81HrcZdWsQXMaidVDznBXJ41zFIBK5iH1td5CJDqXRthqWWfa

