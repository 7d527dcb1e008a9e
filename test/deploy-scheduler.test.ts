// The manifests of the scheduler extender fit its program, and the shipped KubeSchedulerConfiguration fits both.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { readExtenders } from '../lab/kube/scheduler/extender-config.ts';
import { labels, MANAGED_BY, objectNames, resourceNames } from '../src/api/keys.ts';
import { gate } from '../src/api/version-gates.ts';
import { decodeFlags } from '../src/base/flags.ts';
import { schedulerFlags } from '../src/scheduler/flags.ts';
import { extenderPaths } from '../src/scheduler/server.ts';

const folder = join(import.meta.dirname, '..', 'deploy', 'scheduler');
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const objects = ['service-account', 'rbac', 'deployment', 'service'].flatMap((name) =>
  parseAllDocuments(text(`${name}.yaml`)).map((document) =>
    z
      .looseObject({
        kind: z.string(),
        metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
      })
      .parse(document.toJS()),
  ),
);
const of = (kind: string): Record<string, unknown> => {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};
const container = z
  .looseObject({
    spec: z.looseObject({
      template: z.looseObject({
        spec: z.looseObject({
          containers: z.array(
            z.looseObject({
              image: z.string(),
              args: z.array(z.string()),
              ports: z.array(z.looseObject({ name: z.string(), containerPort: z.int() })),
            }),
          ),
        }),
      }),
    }),
  })
  .parse(of('Deployment')).spec.template.spec.containers[0];

describe('deploy/scheduler', () => {
  it('marks every object as ours and gives the documented name', () => {
    for (const { metadata } of objects) {
      expect(metadata.labels[labels.managedBy]).toBe(MANAGED_BY);
      expect(metadata.name).toBe(objectNames.scheduler);
    }
  });

  it('starts the program with flags that it knows, on the port that the documented Service leads to', () => {
    expect(decodeFlags(objectNames.scheduler, schedulerFlags, container?.args ?? [])).toMatchObject({
      kind: 'values',
      values: { listen: { port: 50_055 } },
    });
    expect(container?.ports).toMatchObject([{ name: 'http', containerPort: 50_055 }]);
    expect(of('Service')['spec']).toMatchObject({ ports: [{ port: 80, targetPort: 'http' }] });
    expect(gate('trunkingEni', container?.image.split(':')[1] ?? '')).toEqual({ open: true });
  });

  it('grants only reading, binding and the Lease', () => {
    const rules = objects.flatMap((object) =>
      z
        .array(
          z.strictObject({
            apiGroups: z.array(z.string()),
            resources: z.array(z.string()),
            resourceNames: z.array(z.string()).optional(),
            verbs: z.array(z.string()),
          }),
        )
        .parse(object['rules'] ?? []),
    );
    const writing = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(new Set(writing.flatMap(({ resources }) => resources))).toEqual(new Set(['pods/binding', 'leases']));
    expect(JSON.stringify(rules)).not.toMatch(/\*|secrets/);
  });
});

it('the shipped configuration asks the paths that are served, for Pods that need an address of their node', () => {
  const [extender, ...others] = readExtenders(text('kube-scheduler-configuration.yaml'));
  expect(others).toEqual([]);
  const path = new URL(extender?.urlPrefix ?? '').pathname;
  expect([extender?.filterVerb, extender?.prioritizeVerb, extender?.bindVerb].map((verb) => `${path}/${verb}`)).toEqual(
    Object.values(extenderPaths),
  );
  expect(extender).toMatchObject({ nodeCacheCapable: true, ignorable: false, timeoutMs: 5_000 });
  expect(extender?.managedResources.map(({ name }) => name)).toEqual([resourceNames.eniIp, resourceNames.directEni]);
});
