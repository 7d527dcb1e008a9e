// Answers get lost, tasks fail, leaders freeze: no second sub-ENI is ever made, and none is left over.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ipamd } from './testing/ipamd.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const CREATE = 'CreateSubNetworkInterface';

describe('an account whose client tokens are not honoured', () => {
  let world: World;
  let ipamd: Ipamd;
  beforeAll(async () => {
    world = await startWorld({ settings: { clientTokenAllowed: false } });
    ipamd = world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());
  afterEach(() => world.cloud.admin.clearFaults());

  it('gets no second sub-ENI after a lost reply', async () => {
    world.cloud.admin.dropReply({ action: CREATE });
    await world.createPod('lost');
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    expect(world.subEnis()).toHaveLength(1);
    expect(world.calls(CREATE)).toBe(1);
  });

  it('gets no second sub-ENI after a kill between call and answer', async () => {
    world.cloud.onRequest((entry) => {
      if (entry.action === CREATE) ipamd.kill();
    });
    await world.createPod('killed');
    await ipamd.ended;
    world.ipamd();
    await world.subEniObjects((enis) => enis.length === 2 && enis.every(isReady), 'both ready');
    expect(world.subEnis()).toHaveLength(2);
  });
});

describe('a lost reply', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());

  it('creates no second sub-ENI where tokens are honoured', async () => {
    world.cloud.admin.dropReply({ action: CREATE });
    await world.createPod('lost');
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    expect(world.subEnis()).toHaveLength(1);
  });

  it('of a delete leaves nothing behind', async () => {
    world.cloud.admin.dropReply({ action: 'DeleteSubNetworkInterface' });
    await world.deletePod('lost');
    await world.subEniObjects((enis) => enis.length === 0, 'the VpcENI gone');
    expect(world.subEnis()).toEqual([]);
  });

  it('of a call whose Pod ended meanwhile leaves nothing behind', async () => {
    world.cloud.admin.dropReply({ action: CREATE });
    const acted = Promise.withResolvers<void>();
    const stop = world.cloud.onRequest((entry) => {
      if (entry.action === CREATE) acted.resolve();
    });
    await world.createPod('brief');
    await acted.promise;
    stop();
    await world.deletePod('brief');
    await world.subEniObjects((enis) => enis.length === 0, 'the VpcENI gone');
    expect(world.subEnis()).toEqual([]);
  });

  it('of a task that fails afterwards is made good by another attempt', async () => {
    world.cloud.admin.failTask({ action: CREATE });
    await world.createPod('failed');
    const enis = await world.subEniObjects((all) => all.some(isReady), 'the second attempt ready');
    expect(enis.map((eni) => eni.status?.operation?.attempt)).toEqual([2]);
    expect(world.subEnis()).toHaveLength(1);
  });
});

describe('a leader that freezes between write and call', () => {
  it('does not send the call once its lease may have ended', async () => {
    await using world = await disposableWorld();
    const election = { leaseDurationMs: 900, renewDeadlineMs: 600, retryPeriodMs: 100 };
    let frozen = false;
    const leader = world.ipamd({
      election,
      callTimeoutMs: 200,
      afterWrite: (what) => {
        if (!armed || frozen || what !== 'patch VpcENI/status') return;
        frozen = true;
        // As SIGSTOP: nothing of this process runs, its timers neither.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      },
    });
    let armed = false;
    await world.nodesReady();
    armed = true;
    await world.createPod('web');
    await leader.ended;
    expect(frozen).toBe(true);
    expect(world.calls(CREATE)).toBe(0);
    world.ipamd({ election, callTimeoutMs: 200 });
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI by the next leader');
    expect(world.subEnis()).toHaveLength(1);
  });
});
