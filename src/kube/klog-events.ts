// Lines as klog's event recorder prints them, for pipelines that read a program's log by the word (spec 003, verify the security group).
import type { Clock } from '../base/clock.ts';
import type { KubeObject } from './types.ts';

/** Where finished lines go; each ends with a line feed. */
export interface EventLines {
  write(line: string): void;
}

export interface KlogEvent {
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** One word. */
  readonly reason: string;
  /** Words are counted by readers: what belongs together must not contain a space. Line breaks become spaces. */
  readonly message: string;
}

/** klog pads the process id to seven characters; in its container a program is process 1. */
const PROCESS = '      1';

/**
 * One line, in UTC: severity, time, process id, source, then the object's reference in Go's notation (facts/tke.md 13.3). `resourceVersion` and
 * `fieldPath` are empty, as for references that are made by name.
 */
export function klogEventLine(event: KlogEvent, clock: Pick<Clock, 'now'>): string {
  const { metadata, kind, apiVersion } = event.regarding;
  const { namespace = '', name, uid = '' } = metadata;
  const object = `v1.ObjectReference{Kind:"${kind}", Namespace:"${namespace}", Name:"${name}", UID:"${uid}", APIVersion:"${apiVersion}", ResourceVersion:"", FieldPath:""}`;
  const message = event.message.replaceAll(/\s*\n\s*/g, ' ');
  const severity = event.type === 'Normal' ? 'I' : 'W';
  return `${severity}${headerTime(clock.now())} ${PROCESS} event.go:282] Event(${object}): type: '${event.type}' reason: '${event.reason}' ${message}\n`;
}

/** `1120 23:11:00.123456`: month and day, then the time to the microsecond, of which this clock knows milliseconds. */
function headerTime(now: Date): string {
  const iso = now.toISOString();
  return `${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000`;
}
