// How a connection from one Pod to another ends, by curl and real packets.
import type { Pod } from '../../src/kube/resources.ts';
import type { Lab } from '../lab.ts';

/** Refused: packets pass, and nobody listens there. Timed out: a security group drops them. */
export type Reach = 'answers' | 'refused' | 'timed out';

/** curl's exit codes (curl(1), EXIT CODES). */
const OUTCOMES: Readonly<Record<number, Reach>> = { 0: 'answers', 7: 'refused', 28: 'timed out' };

/** Throws when curl ends in any other way. */
export async function reach(lab: Lab, from: Pod, to: Pod, port: number): Promise<Reach> {
  const url = `http://${to.status?.podIP ?? ''}:${port}/`;
  const limits = ['--connect-timeout', '2', '--max-time', '5'];
  const { code, stderr } = await lab.exec(from, ['curl', '--silent', '--show-error', '--noproxy', '*', ...limits, url]);
  const outcome = OUTCOMES[code];
  if (outcome === undefined) throw new Error(`curl ${url} exits ${code}: ${stderr.trim()}`);
  return outcome;
}
