// The `extenders:` of a KubeSchedulerConfiguration, as kube-scheduler reads them.
import { parse } from 'yaml';
import { z } from 'zod';

/** kube-scheduler's default (pkg/scheduler/core/extender.go). */
const DEFAULT_TIMEOUT_MS = 5_000;

export interface ExtenderConfig {
  readonly urlPrefix: string;
  readonly filterVerb?: string | undefined;
  readonly prioritizeVerb?: string | undefined;
  readonly bindVerb?: string | undefined;
  /** Of `prioritizeVerb`; positive where that is given. */
  readonly weight: number;
  readonly timeoutMs: number;
  /** It is told names of nodes only, not the nodes. */
  readonly nodeCacheCapable: boolean;
  /** When not empty, only Pods that ask for one of them are shown to it. */
  readonly managedResources: readonly { readonly name: string; readonly ignoredByScheduler: boolean }[];
  /** Scheduling goes on without it when it fails. */
  readonly ignorable: boolean;
  /** `tlsConfig`, for https. */
  readonly tls: { readonly insecure: boolean; readonly caData?: string | undefined };
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount = '0', unit = '']) => sum + Number(amount) * (DURATION_UNITS[unit] ?? 0),
    0,
  );
}

const verb = z.string().optional();

const shape = z
  .strictObject({
    urlPrefix: z.url({ protocol: /^https?$/, error: 'a URL with http or https is expected' }),
    filterVerb: verb,
    preemptVerb: verb,
    prioritizeVerb: verb,
    weight: z.int().optional(),
    bindVerb: verb,
    enableHTTPS: z.boolean().optional(),
    tlsConfig: z.strictObject({ insecure: z.boolean().optional(), caData: z.string().optional() }).optional(),
    httpTimeout: z.string().optional(),
    nodeCacheCapable: z.boolean().optional(),
    managedResources: z
      .array(z.strictObject({ name: z.string().min(1), ignoredByScheduler: z.boolean().optional() }))
      .optional(),
    ignorable: z.boolean().optional(),
  })
  .superRefine((extender, context) => {
    const fault = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((extender.prioritizeVerb ?? '') !== '' && (extender.weight ?? 0) <= 0)
      fault('weight', 'must have a positive weight applied to it, since prioritizeVerb is given');
    if ((extender.preemptVerb ?? '') !== '')
      fault('preemptVerb', 'the lab does not ask extenders about preemption; leave it out');
    if (extender.httpTimeout !== undefined && durationMs(extender.httpTimeout) === undefined)
      fault('httpTimeout', `"${extender.httpTimeout}" is no duration; expected for example 500ms or 30s`);
  });

const configuration = z.looseObject({
  apiVersion: z.enum([
    'kubescheduler.config.k8s.io/v1',
    'kubescheduler.config.k8s.io/v1beta3',
    'kubescheduler.config.k8s.io/v1beta1',
  ]),
  kind: z.literal('KubeSchedulerConfiguration'),
  extenders: z.array(shape).optional(),
});

/**
 * Reads the extenders of a configuration file; its other fields are not the lab's and are left alone. Throws an `Error` that names every
 * field that is wrong and what would be right; two extenders that bind are one too many.
 */
export function readExtenders(yaml: string): ExtenderConfig[] {
  const parsed = configuration.safeParse(parse(yaml) as unknown);
  if (!parsed.success)
    throw new Error(
      `KubeSchedulerConfiguration: ${parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`).join('; ')}`,
    );
  const extenders = (parsed.data.extenders ?? []).map(
    (given): ExtenderConfig => ({
      urlPrefix: given.urlPrefix,
      filterVerb: orNothing(given.filterVerb),
      prioritizeVerb: orNothing(given.prioritizeVerb),
      bindVerb: orNothing(given.bindVerb),
      weight: given.weight ?? 0,
      timeoutMs: durationMs(given.httpTimeout ?? '') ?? DEFAULT_TIMEOUT_MS,
      nodeCacheCapable: given.nodeCacheCapable ?? false,
      managedResources: (given.managedResources ?? []).map(({ name, ignoredByScheduler = false }) => ({
        name,
        ignoredByScheduler,
      })),
      ignorable: given.ignorable ?? false,
      tls: { insecure: given.tlsConfig?.insecure ?? false, caData: given.tlsConfig?.caData },
    }),
  );
  const binders = extenders.filter(({ bindVerb }) => bindVerb !== undefined);
  if (binders.length > 1)
    throw new Error(
      `KubeSchedulerConfiguration: extenders: only one may have a bindVerb, and ${binders.map(({ urlPrefix }) => urlPrefix).join(' and ')} do`,
    );
  return extenders;
}

const orNothing = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
