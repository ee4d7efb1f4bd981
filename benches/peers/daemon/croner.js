// croner with many jobs of one schedule. Usage: croner.js RECORDS JOBS SCHEDULE,
// with NODE_PATH set to the node_modules that install.sh made.
"use strict";

const { Cron } = require("croner");
const { Records } = require("./records.js");

const [path, jobs, schedule] = process.argv.slice(2);
const records = new Records(path);
// Kept, or an idle process would have nothing to stay for but its timers.
const all = [];
for (let number = 0; number < Number(jobs); number++) {
  // Jobs are not told their due times.
  all.push(new Cron(schedule, () => records.started(number, 0)));
}
records.ready();
