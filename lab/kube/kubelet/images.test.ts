// Image references and the command lines that come of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commandLine, createImageTable, repositoryOf } from './images.ts';

describe('repositoryOf', () => {
  it.each([
    ['nginx', 'nginx'],
    ['nginx:1.27-alpine', 'nginx'],
    ['docker.io/library/nginx:latest', 'nginx'],
    ['library/nginx', 'nginx'],
    ['curlimages/curl:8.1.2', 'curlimages/curl'],
    ['registry.local:5000/team/app', 'registry.local:5000/team/app'],
    ['registry.local:5000/team/app:v1@sha256:00ff', 'registry.local:5000/team/app'],
  ])('reads %s as %s', (image, repository) => expect(repositoryOf(image)).toBe(repository));

  it('ignores every tag and digest', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}(\/[a-z][a-z0-9-]{0,8}){0,2}$/);
    const tag = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,10}$/);
    fc.assert(
      fc.property(name, tag, (repository, version) => {
        const plain = repositoryOf(repository);
        expect(repositoryOf(`${repository}:${version}`)).toBe(plain);
        expect(repositoryOf(`${repository}:${version}@sha256:abc`)).toBe(plain);
      }),
    );
  });
});

describe('createImageTable', () => {
  it('finds an own image whatever its tag, and lets it replace a built-in one', () => {
    const table = createImageTable({ 'team/app': { entrypoint: ['app'] }, nginx: { entrypoint: ['mine'] } });
    expect(table.find('team/app:v3.5.6').entrypoint).toEqual(['app']);
    expect(table.find('docker.io/library/nginx:1').entrypoint).toEqual(['mine']);
  });

  it('refuses an unknown image, naming it and those it knows', () => {
    const find = () => createImageTable({ 'team/app': { entrypoint: ['app'] } }).find('team/other:1');
    expect(find).toThrow(/"team\/other:1".*alpine, busybox, .*nginx, .*team\/app/);
    expect(find).toThrow(expect.objectContaining({ entry: expect.objectContaining({ eventReason: 'ErrImagePull' }) }));
  });
});

describe('commandLine', () => {
  const image = { entrypoint: ['app', '--fixed'], defaultArgs: ['serve'] };

  it('uses the image alone when the container says nothing', () =>
    expect(commandLine(image, [], [])).toEqual(['app', '--fixed', 'serve']));

  it('appends args in place of the default ones', () =>
    expect(commandLine(image, [], ['check'])).toEqual(['app', '--fixed', 'check']));

  it('replaces everything of the image by the command', () =>
    expect(commandLine(image, ['sh'], ['-c', 'true'])).toEqual(['sh', '-c', 'true']));

  it('refuses to run nothing', () =>
    expect(() => commandLine({ entrypoint: [] }, [], [])).toThrow('no command to run'));
});
