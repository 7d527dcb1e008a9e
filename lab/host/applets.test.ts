// Which tools a root is given beside those of the machine.
import { describe, expect, it } from 'vitest';
import { missingApplets } from './applets.ts';

const having =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path);

describe('tools of a root', () => {
  it('are those that the machine lacks and busybox has', () => {
    const links = missingApplets(having('/usr/bin/busybox', '/bin/ping', '/usr/bin/wget'));
    expect(links).toContainEqual(['nslookup', '/usr/bin/busybox']);
    expect(links.map(([tool]) => tool)).not.toContain('ping');
    expect(links.map(([tool]) => tool)).not.toContain('wget');
  });

  it('are none without busybox', () => {
    expect(missingApplets(having('/bin/ping'))).toEqual([]);
  });
});
