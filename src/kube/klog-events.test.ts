import { describe, expect, it } from 'vitest';
import { klogEventLine } from './klog-events.ts';

const clock = { now: () => new Date('2026-11-20T23:11:00.123Z') };
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: '10.0.35.149', uid: 'u' } };
const sync = 'Sync eni eni-12345678 security groups from [] to [sg-aaaaaaaa,sg-bbbbbbbb]';

describe('a line of the event recorder', () => {
  it('is what klog prints, character for character', () => {
    const event = { regarding: node, type: 'Normal', reason: 'SyncSecurityGroups', message: sync } as const;
    expect(klogEventLine(event, clock)).toBe(
      `I1120 23:11:00.123000       1 event.go:282] Event(v1.ObjectReference{Kind:"Node", Namespace:"", Name:"10.0.35.149", UID:"u", APIVersion:"v1", ResourceVersion:"", FieldPath:""}): type: 'Normal' reason: 'SyncSecurityGroups' ${sync}\n`,
    );
  });

  it('has the new groups in its 24th word, where spec 003 looks for them', () => {
    const event = { regarding: node, type: 'Normal', reason: 'SyncSecurityGroups', message: sync } as const;
    const words = klogEventLine(event, clock).trim().split(/\s+/);
    expect(words[23]).toBe('[sg-aaaaaaaa,sg-bbbbbbbb]');
  });

  it('stays one line whatever the message is, and a warning says so', () => {
    const event = { regarding: node, type: 'Warning', reason: 'Failed', message: 'one\n two' } as const;
    const line = klogEventLine(event, clock);
    expect(line.startsWith('W1120 ')).toBe(true);
    expect(line.endsWith("reason: 'Failed' one two\n")).toBe(true);
  });
});
