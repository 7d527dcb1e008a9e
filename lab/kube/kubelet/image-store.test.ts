// When images are pulled, and what is said when they cannot be.
import { describe, expect, it } from 'vitest';

import { createFakeClock } from '../../../test/fake-clock.ts';
import { createImageStore } from './image-store.ts';
import { createImageTable } from './images.ts';
import { testContainer, testPod } from './testing/pods.ts';

function store() {
  const clock = createFakeClock();
  const images = createImageStore(createImageTable({}), clock);
  const heard: string[] = [];
  const ensure = (image: string, imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never') =>
    images.ensure(
      testPod(),
      testContainer({ image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) }),
      (_type, reason) => heard.push(reason),
    );
  return { clock, images, heard, ensure };
}

describe('an image store', () => {
  it.each([
    ['nginx:1.27', ['Pulling', 'Pulled', 'Pulled']],
    ['nginx', ['Pulling', 'Pulled', 'Pulling', 'Pulled']],
    ['nginx:latest', ['Pulling', 'Pulled', 'Pulling', 'Pulled']],
  ])('asks for %s as its tag says when no policy does', (image, events) => {
    const { heard, ensure } = store();
    ensure(image);
    ensure(image);
    expect(heard).toEqual(events);
  });

  it('finds an image with policy Never only when it was pulled', () => {
    const { ensure } = store();
    expect(() => ensure('nginx:1', 'Never')).toThrow(
      'Container image "nginx:1" is not present with pull policy of Never',
    );
    ensure('nginx:1', 'Always');
    expect(ensure('docker.io/library/nginx:1', 'Never').entrypoint).not.toEqual([]);
  });

  it('pulls again after 10 s, then 20 s, up to five minutes', async () => {
    const { clock, images, ensure } = store();
    const pod = testPod();
    const container = testContainer({ image: 'none:1' });
    const waits: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      expect(() => ensure('none:1')).toThrow('has no image "none:1"');
      expect(() => ensure('none:1')).toThrow(/^Back-off pulling image "none:1"/);
      waits.push(images.waitMs(pod, container) / 1000);
      await clock.advance(images.waitMs(pod, container));
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300]);
  });

  it('forgets the failures of a Pod that is gone', () => {
    const { images, ensure } = store();
    expect(() => ensure('none:1')).toThrow('has no image');
    images.forget('uid-1');
    expect(images.waitMs(testPod(), testContainer({ image: 'none:1' }))).toBe(0);
  });

  it.each(['', 'Nginx', 'a b', 'nginx:', 'nginx:a:b', '-x'])('refuses "%s"', (image) => {
    expect(() => store().ensure(image)).toThrow('invalid reference format');
  });
});
