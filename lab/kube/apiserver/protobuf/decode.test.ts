// Bodies as kubectl 1.32 sends them, made into JSON.
import { describe, expect, it } from 'vitest';
import { createProtobufDecoder } from './decode.ts';

const decode = (base64: string): unknown => createProtobufDecoder()(Buffer.from(base64, 'base64'));

describe('protobuf requests', () => {
  it('gives a Namespace', () => {
    expect(decode('azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhkKEQoBYRIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==')).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'a' },
      spec: {},
      status: {},
    });
  });

  it('keeps the zero of a pointer and drops every other zero', () => {
    const deployment = decode(
      'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EroBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEogBCAASDAoKCgNhcHASA3dlYhpuChwKABIAGgAi' +
        'ACoAMgA4AEIAWgoKA2FwcBIDd2ViEk4SMAoFbmdpbngSB25naW54OjEqADIKCgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCa' +
        'AQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==',
    );
    expect(deployment).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
        },
        strategy: {},
      },
    });
  });

  it('gives bytes as base64 and both forms of int-or-string', () => {
    expect(decode('azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWsSAXYaABoAIgA=')).toMatchObject({
      data: { k: 'dg==' },
    });
    expect(
      decode(
        'azhzAAoNCgJ2MRIHU2VydmljZRJsCh8KA2ZvbxIAGgAiACoAMgA4AEIAWgoKA2FwcBIDZm9vEkUKHgoHODAtaHR0cBIDVENQGFAiCggBEAAaBGh0dHAoABIKCgNh' +
          'cHASA2ZvbxoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA==',
      ),
    ).toMatchObject({ spec: { ports: [{ name: '80-http', port: 80, targetPort: 'http' }], type: 'ClusterIP' } });
  });

  it('gives the question of an access review', () => {
    expect(
      decode(
        'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSTAoQCgASABoAIgAqADIAOABCABIuCiwKC2t1YmUtc3lzdGVtEgRs' +
          'aXN0GgRhcHBzIgAqC2RlcGxveW1lbnRzMgA6ABoICAASABoAIAAaACIA',
      ),
    ).toMatchObject({
      spec: { resourceAttributes: { namespace: 'kube-system', verb: 'list', group: 'apps', resource: 'deployments' } },
    });
  });

  it('refuses what it has no description of, naming it', () => {
    const pod = Buffer.concat([
      Buffer.from('k8s\0'),
      Buffer.from([0x0a, 0x09, 0x0a, 0x02]),
      Buffer.from('v1'),
      Buffer.from([0x12, 0x03]),
      Buffer.from('Pod'),
    ]);
    expect(() => decode(pod.toString('base64'))).toThrow('does not read v1 Pod as protobuf; send JSON');
    expect(() => decode(Buffer.from('{}').toString('base64'))).toThrow('does not appear to be a protobuf message');
  });

  it('refuses a message that ends too early', () => {
    expect(() => decode(Buffer.from('k8s\0\x0a\xff', 'latin1').toString('base64'))).toThrow('ends inside a number');
  });
});
