// node-cron with many jobs of one schedule. Usage: node-cron.js RECORDS JOBS SCHEDULE,
// with NODE_PATH set to the node_modules that install.sh made.
"use strict";

const cron = require("node-cron");
const { Records } = require("./records.js");

const [path, jobs, schedule] = process.argv.slice(2);
const records = new Records(path);
for (let number = 0; number < Number(jobs); number++) {
  cron.schedule(schedule, ({ date }) => records.started(number, date.getTime() / 1000));
}
records.ready();
