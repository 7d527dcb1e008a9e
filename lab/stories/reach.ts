// How a connection from one Pod to another ends, by curl and real packets.
import type { Pod } from '../../src/kube/resources.ts';
import type { Lab } from '../lab.ts';

/** Refused: packets pass, and nobody listens there. Timed out: a security group drops them. */
export type Reach = 'answers' | 'refused' | 'timed out';

/** curl's exit codes (curl(1), EXIT CODES). */
const OUTCOMES: Readonly<Record<number, Reach>> = { 0: 'answers', 7: 'refused', 28: 'timed out' };

/** Throws when curl ends in any other way. */
export function reach(lab: Lab, from: Pod, to: Pod, port: number): Promise<Reach> {
  return curl(lab, from, to, port, []);
}

/** For a Pod that runs since a moment ago: its program may need another one to listen. */
export function reachOnceItListens(lab: Lab, from: Pod, to: Pod, port: number): Promise<Reach> {
  return curl(lab, from, to, port, ['--retry-connrefused', '--retry', '30', '--retry-delay', '1']);
}

async function curl(lab: Lab, from: Pod, to: Pod, port: number, more: readonly string[]): Promise<Reach> {
  const url = `http://${to.status?.podIP ?? ''}:${port}/`;
  const limits = ['--connect-timeout', '2', '--max-time', '5', ...more];
  const { code, stderr } = await lab.exec(from, ['curl', '--silent', '--show-error', '--noproxy', '*', ...limits, url]);
  const outcome = OUTCOMES[code];
  if (outcome === undefined) throw new Error(`curl ${url} exits ${code}: ${stderr.trim()}`);
  return outcome;
}
