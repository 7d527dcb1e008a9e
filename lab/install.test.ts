// Fitting the manifests to the lab changes account, endpoint and credentials, and nothing else.
import { describe, expect, it } from 'vitest';

import { decodeAddonValues } from '../src/api/addon-values.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { fitToLab, fitToRelease } from './install.ts';

const deployment = (args: string[]): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'tke-eni-ipamd', namespace: 'kube-system' },
    spec: { template: { spec: { containers: [{ name: 'ipamd', image: 'x', args }] } } },
  }) as KubeObject;

const values: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tke-eni-ipamd', namespace: 'kube-system' },
};
const cloud = { endpoint: 'http://127.0.0.1:1', secretId: 'id', secretKey: 'key', region: 'ap-guangzhou' };

const api = { minor: 30, reachesServices: true };

function argsOf(objects: readonly KubeObject[]): unknown {
  const found = objects.find((object) => object.kind === 'Deployment') as
    | { spec?: { template?: { spec?: { containers?: { args?: unknown }[] } } } }
    | undefined;
  return found?.spec?.template?.spec?.containers?.[0]?.args;
}

describe('fitToLab', () => {
  it('adds the endpoint to the arguments and replaces one given before', () => {
    const fitted = fitToLab([deployment(['--leader-elect=true', '--cloud-endpoint=https://elsewhere'])], {
      cloud,
      ipamdArgs: ['--log-level=debug'],
      webhookPort: 1,
      api,
    });
    expect(argsOf(fitted)).toEqual(['--leader-elect=true', '--cloud-endpoint=http://127.0.0.1:1', '--log-level=debug']);
  });

  it('writes add-on values that ipamd accepts, with Trunking on', () => {
    const fitted = fitToLab([values], { cloud, ipamdArgs: [], webhookPort: 1, api });
    const map = fitted.find((object) => object.kind === 'ConfigMap') as { data?: Record<string, string> } | undefined;
    const decoded = decodeAddonValues(map?.data);
    expect(decoded).toMatchObject({
      ok: true,
      values: { 'vpcCni.trunkingEni.enableSubEni': true, region: 'ap-guangzhou' },
    });
  });

  it('adds the credentials once and leaves other objects untouched', () => {
    const other: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } };
    const fitted = fitToLab([other, values], { cloud, ipamdArgs: [], webhookPort: 1, api });
    expect(fitted).toContainEqual(other);
    expect(fitted.filter((object) => object.kind === 'Secret')).toHaveLength(1);
  });

  it('lets ipamd take the keys of its role where there is a metadata service, and writes none down then', () => {
    const metadataUrl = 'http://127.0.0.1:2/latest/meta-data';
    const fitted = fitToLab([deployment([])], { cloud, metadataUrl, ipamdArgs: [], webhookPort: 1, api });
    expect(argsOf(fitted)).toEqual([
      '--cloud-endpoint=http://127.0.0.1:1',
      '--credential-source=cvm-role',
      `--metadata-url=${metadataUrl}`,
    ]);
    expect(fitted.filter((object) => object.kind === 'Secret')).toEqual([]);
  });

  it('keeps a warm pool on each node unless static addresses are asked for', () => {
    const modeOf = (ipMode?: 'static'): unknown =>
      fitToLab([values], { cloud, ipMode, ipamdArgs: [], webhookPort: 1, api }).map(
        (object) => (object as { data?: Record<string, string> }).data?.['vpcCni.ipMode'],
      )[0];
    expect([modeOf(), modeOf('static')]).toEqual(['non-static', 'static']);
  });

  it('calls webhooks by URL where the API server does not reach Services, and has the certificate say so', () => {
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'w' },
      webhooks: [{ name: 'a', clientConfig: { service: { name: 's', namespace: 'n', path: '/here', port: 443 } } }],
    } as KubeObject;
    const webhook = deployment([]);
    webhook.metadata.name = 'add-pod-eni-ip-limit-webhook';
    const fitted = fitToLab([configuration, webhook], {
      cloud,
      ipamdArgs: [],
      webhookPort: 7,
      api: { minor: 30, reachesServices: false },
    });
    expect(fitted[0]).toMatchObject({ webhooks: [{ clientConfig: { url: 'https://127.0.0.1:7/here' } }] });
    expect(argsOf(fitted)).toEqual(['--listen=127.0.0.1:7', '--serving-names=127.0.0.1']);
  });
});

describe('fitToRelease', () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'd' },
    spec: { schema: { type: 'object', 'x-kubernetes-validations': [{ rule: 'true' }] } },
  } as KubeObject;

  it('leaves CEL rules out of definitions for releases before 1.25, and only there', () => {
    expect(fitToRelease([definition], 24)).toEqual([{ ...definition, spec: { schema: { type: 'object' } } }]);
    expect(fitToRelease([definition], 25)).toEqual([definition]);
  });
});
