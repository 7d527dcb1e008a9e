// Loaded into a program before it (`node --import`): tells its parent every second what CPU, memory and event loop did.
import { performance } from 'node:perf_hooks';
import type { ProcessSample } from './ipam-scale-message.ts';

const SAMPLE_MS = 1_000;
const TICK_MS = 20;

let stalls: number[] = [];
let last = performance.now();
// Every turn is late by as long as something else held the loop.
setInterval(() => {
  const now = performance.now();
  stalls.push(Math.max(0, now - last - TICK_MS));
  last = now;
}, TICK_MS).unref();
setInterval(() => {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  process.send?.({ cpuS: (user + system) / 1e6, rss, heapUsed, heapTotal, external, stalls } satisfies ProcessSample);
  stalls = [];
}, SAMPLE_MS).unref();
process.channel?.unref();
