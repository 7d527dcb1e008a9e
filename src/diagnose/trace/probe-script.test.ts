// What is read from the tools and from the kernel inside a Pod.
import { describe, expect, it } from 'vitest';
import { openPorts, probeCommand, readProbe } from './probe-script.ts';

const TABLES = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0A20000A:0050 0324000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:22B8 00000000000000000000000000000000:0000 0A 00000000:00000000
   sl  local_address rem_address   st tx_queue
  10: 00000000:0035 00000000:0000 07 00000000:00000000
  11: 00000000:0036 0324000A:0035 01 00000000:00000000
`;

describe('the open ports of a Pod', () => {
  it('are those on which callers from outside find somebody: not the loopback, not connections', () => {
    expect([...openPorts(TABLES)].toSorted()).toEqual(['TCP/443', 'TCP/80', 'UDP/53']);
  });
});

describe('a probe', () => {
  it('is an outcome and the tool that found it', () => {
    expect(readProbe({ code: 0, stdout: 'refused curl\n', stderr: '' })).toEqual({ outcome: 'refused', text: 'curl' });
  });

  it('says so when the image has no shell', () => {
    const stderr = 'exec: "sh": executable file not found in $PATH\nmore';
    expect(readProbe({ code: 127, stdout: '', stderr })).toEqual({
      outcome: 'unknown',
      text: 'no shell to send from (exit code 127: exec: "sh": executable file not found in $PATH)',
    });
  });

  it('is not made of UDP, which no tool tells the end of', () => {
    expect(probeCommand('UDP', '10.0.0.1', 53)).toBeUndefined();
  });
});
