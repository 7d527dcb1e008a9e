// The objects that cases of strategic merge patches change, and the ways to send patches.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';

type Container = Readonly<Record<string, unknown>>;
const first: Container = {
  name: 'a',
  image: 'registry.example/a',
  args: ['1', '2'],
  env: [{ name: 'E', value: '1' }],
  ports: [{ containerPort: 80 }],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};
const second: Container = { name: 'b', image: 'registry.example/b' };

/** A Deployment without Pods, so that no controller touches it again. Answers its path. */
export async function deployment(t: ParityContext, pod: object = {}, strategy?: object): Promise<string> {
  await t.http.ok('POST', `${t.apps}/deployments`, {
    metadata: { name: 'd' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'd' } },
      ...(strategy === undefined ? {} : { strategy }),
      template: {
        metadata: { labels: { app: 'd' } },
        spec: { containers: [first, second], volumes: [{ name: 'data', emptyDir: {} }], ...pod },
      },
    },
  });
  return `${t.apps}/deployments/d`;
}

export const send = (t: ParityContext, path: string, patch: unknown): Promise<Answer> =>
  t.http.patch('strategic', path, patch);
export const inPod = (spec: object): object => ({ spec: { template: { spec } } });

export async function podAfter(t: ParityContext, path: string, patch: object): Promise<Answer['body'][string]> {
  const answer = await send(t, path, inPod(patch));
  assert.equal(answer.code, 200, answer.text);
  return answer.body['spec'].template.spec;
}

export const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

export async function failsWith(
  t: ParityContext,
  path: string,
  patch: unknown,
  code: number,
  message: string,
): Promise<void> {
  const answer = await send(t, path, patch);
  assert.equal(answer.body['message'], message);
  assert.equal(answer.code, code);
}
