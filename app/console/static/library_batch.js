// @ts-check
// A batch's page follows its bytes: what is on its way is told twice a second, between the events of which the page knows.

import { lookSoon } from "./live.js";

document.addEventListener("danpa:batches", lookSoon);
