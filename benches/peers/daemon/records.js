// The records of benches/daemon/records.rs, for the schedulers of Node.
"use strict";

const fs = require("node:fs");

const READY = 0xffffffff;
const RECORD = 16;
const BUFFER = 64 * 1024;

/** Microseconds since the Unix epoch. Date has milliseconds only. */
function now() {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

class Records {
  constructor(path) {
    this.file = fs.openSync(path, "w");
    this.buffer = Buffer.alloc(BUFFER);
    this.length = 0;
    this.second = 0;
  }

  ready() {
    this.push(READY, 0, now());
    this.write();
  }

  /** `due` in seconds since the Unix epoch, or 0 when it is not known. */
  started(job, due) {
    this.push(job, due, now());
  }

  push(job, due, at) {
    const second = Math.floor(at / 1e6);
    if (this.length + RECORD > BUFFER || this.second < second) {
      this.write();
      this.second = second;
    }
    this.buffer.writeUInt32LE(job, this.length);
    this.buffer.writeUInt32LE(due, this.length + 4);
    this.buffer.writeUInt32LE(at % 2 ** 32, this.length + 8);
    this.buffer.writeUInt32LE(Math.floor(at / 2 ** 32), this.length + 12);
    this.length += RECORD;
  }

  write() {
    fs.writeSync(this.file, this.buffer, 0, this.length);
    this.length = 0;
  }
}

module.exports = { Records };
