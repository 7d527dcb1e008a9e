// Objects that come in series: what is remembered of a spec changes nothing that anybody can see.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectAt, objectsAt, stringAt } from './json.ts';
import { paths } from './testing/objects.ts';
import type { Answer, TestApi } from './testing/test-api.ts';
import { startTestApi } from './testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const container = { name: 'app', image: 'registry.example.com/app:1' };
const make = (name: string, spec: unknown, more: object = {}, query = ''): Promise<Answer> =>
  t.call('POST', `${paths.pods}${query}`, { metadata: { name, ...more }, spec });
const makeTimes = async (name: string, count: number, spec: unknown): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await make(`${name}-${index}`, spec));
  return answers;
};
/** An answer without what differs between any two Pods. */
const alike = ({ code, text }: Answer): string =>
  `${code} ${text
    .replaceAll(/"name":"[a-z-]+-\d"/g, '')
    .replaceAll(/kube-api-access-\w{5}/g, '')
    .replace(/"uid":"[^"]+"/, '')
    .replace(/"resourceVersion":"\d+"/, '')}`;

describe('the Pods of a series', () => {
  it.each<[string, object]>([
    ['plain', { containers: [container] }],
    ['quantities', { containers: [{ ...container, resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }] }],
    ['init', { containers: [container], initContainers: [{ name: 'init', image: 'init' }], volumes: [] }],
    ['zeros', { containers: [{ ...container, tty: false, args: [] }], nodeName: '', priority: 0 }],
    ['host', { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] }],
    ['volumes', { containers: [container], volumes: [{ name: 'v', configMap: { name: 'c' } }] }],
    ['probe', { containers: [{ ...container, livenessProbe: { httpGet: { port: 80 } } }] }],
    ['tolerant', { containers: [container], tolerations: [{ operator: 'Exists' }] }],
    ['tokenless', { containers: [container], automountServiceAccountToken: false }],
  ])('are stored alike, first and last: %s', async (name, spec) => {
    const [first, ...others] = await makeTimes(`alike-${name}`, 4, spec);
    expect(first?.code).toBe(201);
    for (const other of others) expect(alike(other)).toBe(first === undefined ? '' : alike(first));
  });

  it('each have a token volume of their own, mounted under its name', async () => {
    const answers = await makeTimes('token', 4, { containers: [container] });
    const names = answers.map(({ body }) => stringAt(objectsAt(body, 'spec', 'volumes')[0], 'name'));
    const mounts = answers.map(({ body }) =>
      stringAt(objectsAt(objectsAt(body, 'spec', 'containers')[0], 'volumeMounts')[0], 'name'),
    );
    expect(new Set(names).size).toBe(4);
    expect(mounts).toEqual(names);
  });

  it('change one by one', async () => {
    await makeTimes('change', 4, { containers: [container], volumes: [{ name: 'v', emptyDir: {} }] });
    const patch = { spec: { containers: [{ name: 'app', image: 'other' }] }, metadata: { labels: { changed: 'yes' } } };
    const changed = await t.patch('strategic', `${paths.pods}/change-2`, patch);
    expect(changed.code).toBe(200);
    const images = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const { body } = await t.call('GET', `${paths.pods}/change-${index}`);
        return stringAt(objectsAt(body, 'spec', 'containers')[0], 'image');
      }),
    );
    expect(images).toEqual([container.image, container.image, 'other', container.image]);
  });

  it('are told about unknown fields each time', async () => {
    const spec = { containers: [{ ...container, imagee: 'x' }] };
    await makeTimes('quiet', 1, spec);
    await make('quiet-ignored-1', spec, {}, '?fieldValidation=Ignore');
    await make('quiet-ignored-2', spec, {}, '?fieldValidation=Ignore');
    for (const { headers } of await makeTimes('warned', 3, spec))
      expect(headers['warning']).toBe('299 - "unknown field \\"spec.containers[0].imagee\\""');
    expect((await make('strict', spec, {}, '?fieldValidation=Strict')).code).toBe(400);
  });

  it('are judged by metadata of their own', async () => {
    await makeTimes('judged', 3, { containers: [container] });
    const answer = await make('judged-3', { containers: [container] }, { labels: { 'not a key': 'x' } });
    expect([answer.code, stringAt(answer.body, 'reason')]).toEqual([422, 'Invalid']);
    expect(objectAt((await t.call('GET', `${paths.pods}/judged-3`)).body, 'metadata')).toEqual({});
  });

  it('are refused again and again when their spec is wrong', async () => {
    const answers = await makeTimes('wrong', 4, { containers: [{ ...container, name: 'No Name' }] });
    expect(answers.map(({ code }) => code)).toEqual([422, 422, 422, 422]);
  });

  it('may not mount a volume that only looks like their token volume', async () => {
    const spec = (mounted: string): object => ({
      containers: [{ ...container, volumeMounts: [{ name: `kube-api-access-${mounted}`, mountPath: '/token' }] }],
      volumes: [{ name: 'kube-api-access-aaaaa', emptyDir: {} }],
    });
    const answers = [await make('own-1', spec('aaaaa')), await make('own-2', spec('aaaaa'))];
    answers.push(await make('foreign', spec('bbbbb')));
    expect(answers.map(({ code }) => code)).toEqual([201, 201, 422]);
  });
});
