// CNI_ARGS as the runtimes write it.
import { describe, expect, it } from 'vitest';
import { parseArgs, podOf } from './args.ts';
import { cniCodes } from './error.ts';

describe('CNI_ARGS', () => {
  it('names the Pod with its uid', () => {
    expect(
      podOf('IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c;K8S_POD_UID=u'),
    ).toEqual({
      namespace: 'ns',
      name: 'web-0',
      uid: 'u',
    });
  });

  it.each(['K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p', 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p;K8S_POD_UID='])(
    'has no uid with an old runtime: %s',
    (text) => expect(podOf(text)?.uid).toBeUndefined(),
  );

  it.each(['', 'IgnoreUnknown=1', 'K8S_POD_NAMESPACE=ns', 'K8S_POD_NAMESPACE=;K8S_POD_NAME=p'])(
    'names no Pod: %j',
    (text) => expect(podOf(text)).toBeUndefined(),
  );

  it('keeps everything behind the first equals sign', () => {
    expect(parseArgs('A=b=c;;').get('A')).toBe('b=c');
  });

  it.each(['../../nodes/x', 'UPPER', '-a', 'a b', 'x'.repeat(254)])(
    'refuses the name %j, which no Pod can have',
    (name) => {
      for (const args of [`K8S_POD_NAMESPACE=ns;K8S_POD_NAME=${name}`, `K8S_POD_NAMESPACE=${name};K8S_POD_NAME=p`])
        expect(() => podOf(args)).toThrow(expect.objectContaining({ code: cniCodes.invalidEnvironment }));
    },
  );

  it.each(['A', '=b', 'A=b;c'])('refuses %j, which is not pairs', (text) => {
    expect(() => parseArgs(text)).toThrow(expect.objectContaining({ code: cniCodes.invalidEnvironment }));
  });
});
