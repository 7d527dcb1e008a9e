// Where the agent's ADDs spend their time, as its own metrics tell it.
import { addPhases } from '../src/agent/metrics.ts';
import { http } from '../src/base/node-http.ts';

/** Milliseconds of all ADDs since the agent began, by part and `WHOLE`. */
export type PhaseSums = Readonly<Record<string, number>>;

/** From the head of the call to the answer. */
export const WHOLE = 'the agent';

/** Asks the agent on its socket. */
export async function phaseSumsOf(socketPath: string): Promise<PhaseSums> {
  const text = await metricsOf(socketPath);
  const sum = (name: string, labels: string): number =>
    1_000 *
    Number(new RegExp(`^trunkline_agent_${name}_sum\\{${labels}\\} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    ...Object.fromEntries(addPhases.map((phase) => [phase, sum('add_phase_seconds', `phase="${phase}"`)])),
    [WHOLE]: sum('cni_call_seconds', 'command="ADD",code="0"'),
  };
}

/** Mean milliseconds for each of `count` ADDs between two looks. */
export function meansBetween(before: PhaseSums, after: PhaseSums, count: number): PhaseSums {
  return Object.fromEntries(Object.entries(after).map(([phase, ms]) => [phase, (ms - (before[phase] ?? 0)) / count]));
}

function metricsOf(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/metrics' }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve(body));
      })
      .on('error', reject);
  });
}
