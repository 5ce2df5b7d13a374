// Runs a program of this board on an emulated RP2040 (npm rp2040js), with a motion sensor, flash and USB.
//
//     npm install rp2040js@1.4.1
//     node simulate.mjs PROGRAM.elf LOG [WINDOWS [TCP-PORT [SECONDS [SENSOR]]]]
//
// defmt frames go to the file LOG (`defmt-print -e PROGRAM.elf <LOG`). The sensor is an lsm6dso, or a lis3dh, that replays total
// acceleration and, if it has a gyroscope, rotation of a window file. The USB serial port is a TCP server. The boot ROM is not part of the emulator: what the
// firmware uses of it, reading and writing flash, is done here, by the rules of NOR flash.
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ConsoleLogger, LogLevel, RP2040, USBCDC } from 'rp2040js';

const [programPath, logPath, windowsPath, tcpPort, seconds = '3600', sensor = 'lsm6dso'] = process.argv.slice(2);
const FLASH = 0x10000000;
const RAM = 0x20000000;
const TICK = 1e9 / 125e6;
/** Where a sensor answers, what it says of itself and of new samples, the bit that resets it, and where samples are; `skip`
 * bytes of them it lacks. */
const SENSORS = {
  lsm6dso: { address: 0x6a, identity: 0x6c, status: [0x1e, 3], reset: [0x12, 1], data: 0x22, skip: 0 },
  lis3dh: { address: 0x18, identity: 0x33, status: [0x27, 0x0f], reset: [0, 0], data: 0x28, skip: 6 },
};
/** Of the I²C controller's raw interrupts. */
const TX_EMPTY = 1 << 4;

/** The bytes of an ELF file's segments, where they are loaded. */
function segments(elf) {
  const [first, size, count] = [elf.readUInt32LE(28), elf.readUInt16LE(42), elf.readUInt16LE(44)];
  return Array.from({ length: count }, (_, i) => {
    const [type, offset, , address, length] = [0, 4, 8, 12, 16].map((at) => elf.readUInt32LE(first + i * size + at));
    return { type, address, bytes: elf.subarray(offset, offset + length) };
  }).filter(({ type, bytes }) => type === 1 && bytes.length > 0);
}

/** Rotation and total acceleration of each sample of a window file, as the sensor's registers hold them. */
function recorded(path) {
  const bytes = readFileSync(path);
  const size = 2 * bytes.readUInt16LE(6);
  const count = Math.floor((bytes.length - 12) / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(12 + i * size + 6, 12 + i * size + 18));
}

/** A sensor that plays samples; without any, nobody answers. */
class Sensor {
  constructor(i2c, { address: own, identity, status, reset, data, skip }, samples, counts) {
    const registers = new Uint8Array(128);
    registers[0x0f] = identity;
    registers[status[0]] = status[1];
    let register = 0;
    let first = true;
    i2c.onConnect = (address) => {
      first = true;
      const found = address === own && samples.length > 0;
      i2c.completeConnect(found);
      if (!found) {
        // The chip empties its queue then, and says so; the emulator does not.
        i2c.txFIFO.reset();
        i2c.setInterrupts(TX_EMPTY);
      }
    };
    i2c.onWriteByte = (value) => {
      // The LIS3DH takes the highest bit for a wish to read on.
      if (first) register = value & 0x7f;
      else {
        registers[register] = register === reset[0] ? value & ~reset[1] : value;
        register += 1;
      }
      first = false;
      i2c.completeWrite(true);
    };
    i2c.onReadByte = () => {
      if (register === data) registers.set(samples[counts.samples++ % samples.length].subarray(skip), register);
      i2c.completeRead(registers[register++]);
    };
  }
}

/** A chip from its start to its reset. */
class Pico {
  constructor(flash, samples, counts) {
    this.mcu = new RP2040();
    this.mcu.logger = new ConsoleLogger(LogLevel.Error, true);
    this.mcu.flash.set(flash);
    // The controller of the flash cache, which the emulator lacks: nothing is ever in progress there.
    this.mcu.peripherals[0x14000] = { readUint32: () => 0, writeUint32Atomic() {} };
    this.counts = counts;
    this.ended = false;
    this.rtt = -1;
    this.bootRom();
    new Sensor(this.mcu.i2c[0], SENSORS[sensor], samples, counts);
    this.cdc = new USBCDC(this.mcu.usbCtrl);
    const { ppb, core } = this.mcu;
    const write = ppb.writeUint32.bind(ppb);
    ppb.writeUint32 = (offset, value) => {
      // A request for a reset, in the application interrupt and reset control register.
      if (offset === 0xd0c && (value & 4) !== 0) this.ended = true;
      else write(offset, value);
    };
    core.VTOR = FLASH + 0x100;
    core.SP = this.mcu.readUint32(core.VTOR);
    core.PC = this.mcu.readUint32(core.VTOR + 4) & ~1;
  }

  /** A table look-up and functions, each a breakpoint that is served here, and a return. */
  bootRom() {
    const { mcu, counts } = this;
    const { registers: r } = mcu.core;
    const copy = () => {
      for (let i = 0; i < r[2]; i++) mcu.writeUint8(r[0] + i, mcu.readUint8(r[1] + i));
    };
    const functions = {
      lookup() {
        const name = String.fromCharCode(r[1] & 0xff, r[1] >>> 8);
        const index = names.indexOf(name);
        if (index < 1) throw Error(`the firmware asks the boot ROM for ${name}`);
        r[0] = entry(index) | 1;
      },
      IF() {},
      EX() {},
      FC() {},
      RE() {
        mcu.flash.fill(0xff, r[0], r[0] + r[1]);
        counts.erased += r[1];
      },
      RP() {
        for (let i = 0; i < r[2]; i++) mcu.flash[r[0] + i] &= mcu.readUint8(r[1] + i);
        counts.programmed += r[2];
      },
      C4: copy,
    };
    const names = Object.keys(functions);
    const entry = (index) => 0x100 + 4 * index;
    names.forEach((_, index) => {
      mcu.bootrom[entry(index) / 4] = ((0x4770 << 16) | 0xbe00 | index) >>> 0;
    });
    mcu.bootrom[0x18 / 4] = entry(0) | 1;
    mcu.onBreak = (index) => functions[names[index]]();
  }

  step() {
    const { core, clock } = this.mcu;
    if (core.waiting) {
      this.counts.sleeps += 1;
      clock.tick(Math.min(clock.nanosToNextAlarm || 1e6, 1e6));
    } else {
      clock.tick(core.executeInstruction() * TICK);
    }
  }

  /** What defmt has written by RTT since the last call. */
  log() {
    const { sram, sramView: view } = this.mcu;
    if (this.rtt < 0) this.rtt = Buffer.from(sram.buffer).indexOf('SEGGER RTT');
    if (this.rtt < 0) return Buffer.alloc(0);
    const [buffer, size, write, read] = [28, 32, 36, 40].map((at) => view.getUint32(this.rtt + at, true));
    view.setUint32(this.rtt + 40, write, true);
    const part = (from, to) => sram.slice(buffer - RAM + from, buffer - RAM + to);
    return Buffer.concat(read <= write ? [part(read, write)] : [part(read, size), part(0, write)]);
  }
}

if (!(sensor in SENSORS)) throw Error(`the sensor is one of ${Object.keys(SENSORS).join(', ')}, not ${sensor}`);
const counts = { resets: 0, erased: 0, programmed: 0, samples: 0, sleeps: 0 };
const samples = windowsPath ? recorded(windowsPath) : [];
const log = createWriteStream(logPath);
const flash = new Uint8Array(2 << 20).fill(0xff);
for (const { address, bytes } of segments(readFileSync(programPath))) flash.set(bytes, address - FLASH);
let pico;
let client = null;
let arrived = [];
let nanos = 0;

function start(flash) {
  pico = new Pico(flash, samples, counts);
  arrived = [];
  pico.cdc.onSerialData = (bytes) => client?.write(Buffer.from(bytes));
}

function run() {
  const until = Date.now() + 50;
  while (Date.now() < until) {
    for (let i = 0; i < 2000 && !pico.ended; i++) pico.step();
    while (arrived.length > 0 && pico.cdc.txFIFO.itemCount < 500) pico.cdc.sendSerialByte(arrived.shift());
    log.write(pico.log());
    if (pico.ended) {
      nanos += pico.mcu.clock.nanos;
      counts.resets += 1;
      start(pico.mcu.flash.slice(0, flash.length));
    }
    if (nanos + pico.mcu.clock.nanos > Number(seconds) * 1e9) {
      console.log(JSON.stringify({ seconds: (nanos + pico.mcu.clock.nanos) / 1e9, ...counts }));
      log.end(() => process.exit(0));
      return;
    }
  }
  setImmediate(run);
}

if (tcpPort) {
  createServer((socket) => {
    client = socket;
    socket.on('data', (bytes) => arrived.push(...bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (client === socket) client = null;
    });
  }).listen(Number(tcpPort), '127.0.0.1');
}
start(flash);
run();
