// Deployments against the embedded API: the conformance behaviours of rolling updates, recreation, rollback and scaling.
import { afterEach, expect, it } from 'vitest';

import { pods } from '../../../../src/kube/resources.ts';
import { untilGone, untilObject } from '../../testing/until-object.ts';
import { ready, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench, Play } from '../testing/controllers-bench.ts';
import { deployments, replicaSets } from '../views.ts';
import type { Deployment, ReplicaSet } from '../views.ts';
import { REVISION } from './annotations.ts';

const namespace = 'default';
let bench: ControllersBench;
afterEach(() => bench.close());

async function start(spec: object, play: Play = ready): Promise<void> {
  bench = await startControllersBench(play);
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', namespace },
    spec: { replicas: 2, selector: { matchLabels: { app: 'a' } }, template, ...spec },
  };
  await bench.client.create(deployments, object as Deployment, { namespace });
}
const until = (holds: (deployment: Deployment) => boolean): Promise<Deployment> =>
  untilObject(bench.client, deployments, { namespace }, holds);
const patch = async (spec: object): Promise<void> => {
  await bench.client.patch(deployments, 'a', { type: 'strategic', body: { spec } }, { namespace });
};
const setImage = (image: string): Promise<void> =>
  patch({ template: { spec: { containers: [{ name: 'c', image }] } } });
const progressing = ({ status }: Deployment) => status?.conditions?.find(({ type }) => type === 'Progressing');
/** Rolled out, as `kubectl rollout status` waits for it. */
const isRolledOut = (deployment: Deployment, revision: string): boolean =>
  deployment.metadata.annotations?.[REVISION] === revision &&
  deployment.status?.observedGeneration === deployment.metadata.generation &&
  progressing(deployment)?.reason === 'NewReplicaSetAvailable' &&
  deployment.status?.updatedReplicas === deployment.spec.replicas &&
  deployment.status?.replicas === deployment.spec.replicas;
const revisions = async (): Promise<unknown[]> => {
  const { items } = await bench.client.list(replicaSets, { namespace });
  return items
    .map((set: ReplicaSet) => [
      set.spec.template.spec.containers[0]?.image,
      set.metadata.annotations?.[REVISION],
      set.spec.replicas,
    ])
    .toSorted((one, other) => String(one[0]).localeCompare(String(other[0])));
};

it('rolls to a new template, numbers the revisions, and rolls back to the set it had', async () => {
  await start({});
  await until((each) => isRolledOut(each, '1'));
  await setImage('nginx:2');
  await until((each) => isRolledOut(each, '2'));
  expect(await revisions()).toEqual([
    ['nginx:1', '1', 0],
    ['nginx:2', '2', 2],
  ]);
  await setImage('nginx:1');
  const back = await until((each) => isRolledOut(each, '3'));
  expect(back.metadata.generation).toBe(3);
  expect(await revisions()).toEqual([
    ['nginx:1', '3', 2],
    ['nginx:2', '2', 0],
  ]);
});

it('deletes old sets beyond revisionHistoryLimit', async () => {
  await start({ revisionHistoryLimit: 1, replicas: 1 });
  await until((each) => isRolledOut(each, '1'));
  const [first] = (await bench.client.list(replicaSets, { namespace })).items;
  for (const revision of ['2', '3']) {
    await setImage(`nginx:${revision}`);
    await until((each) => isRolledOut(each, revision));
  }
  await untilGone(bench.client, replicaSets, first?.metadata.name ?? '', namespace);
  expect(await revisions()).toEqual([
    ['nginx:2', '2', 0],
    ['nginx:3', '3', 1],
  ]);
});

it('with Recreate has no Pod of two templates at any time', async () => {
  const images = new Set<string>();
  await start({ strategy: { type: 'Recreate' } }, (pod) => {
    images.add(pod.spec.containers[0]?.image ?? '');
    return ready();
  });
  await until((each) => isRolledOut(each, '1'));
  await setImage('nginx:2');
  await until((each) => isRolledOut(each, '2'));
  const { items } = await bench.client.list(pods, { namespace });
  expect(items.map(({ spec }) => spec.containers[0]?.image)).toEqual(['nginx:2', 'nginx:2']);
  expect([...images]).toEqual(['nginx:1', 'nginx:2']);
});

it('says that a rollout is late when progressDeadlineSeconds are over', async () => {
  await start({ progressDeadlineSeconds: 1 }, () => undefined);
  const late = await until((each) => progressing(each)?.status === 'False');
  expect(progressing(late)).toMatchObject({ reason: 'ProgressDeadlineExceeded' });
  expect(progressing(late)?.message).toMatch(/^ReplicaSet "a-.*" has timed out progressing\.$/);
});

it('does nothing but scale while it is paused', async () => {
  await start({});
  await until((each) => isRolledOut(each, '1'));
  await patch({ paused: true, replicas: 3, template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } });
  await until(({ status }) => status?.availableReplicas === 3);
  expect(await revisions()).toEqual([['nginx:1', '1', 3]]);
  await patch({ paused: false });
  await until((each) => isRolledOut(each, '2'));
});
