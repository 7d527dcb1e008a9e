// The rules of Jobs: defaults, the selector that is made from their uid, and what may not change.
import type { FieldError } from '../../field-error.ts';
import { invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, numberAt, objectAt, plainText, stringMapAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { labelSelectorFaults, negativeFault, wordFault } from './field-checks.ts';
import { goLabelSelector, goStringMap } from './go-value.ts';
import { defaultTemplate, mismatchFaults, setDefault, templateFaults } from './workload-checks.ts';

const UID = 'batch.kubernetes.io/controller-uid';
const NAME = 'batch.kubernetes.io/job-name';

export const jobRules: Rules = {
  tracksGeneration: true,
  applyDefaults(job) {
    const spec = ensureObject(job, 'spec');
    if (spec['parallelism'] === undefined && spec['completions'] === undefined) spec['completions'] = 1;
    setDefault(spec, 'parallelism', 1);
    setDefault(spec, 'completionMode', 'NonIndexed');
    setDefault(spec, 'suspend', false);
    setDefault(spec, 'backoffLimit', 6);
    setDefault(spec, 'podReplacementPolicy', isObject(spec['podFailurePolicy']) ? 'Failed' : 'TerminatingOrFailed');
    if (Object.keys(job.metadata.labels ?? {}).length === 0) labelAsTemplate(job);
    defaultTemplate(spec);
  },
  prepareCreate(job) {
    job['status'] = {};
    const spec = ensureObject(job, 'spec');
    if (spec['manualSelector'] === true) return;
    selectOwnPods(job, spec);
  },
  validate: (job) => jobFaults(job, objectAt(job, 'spec')),
  validateUpdate(job, old) {
    const [spec, before] = [objectAt(job, 'spec'), objectAt(old, 'spec')];
    return [
      ...immutable(spec, before, 'completions'),
      ...(equalJson(spec['selector'], before['selector'])
        ? []
        : [invalidValue('spec.selector', goLabelSelector(spec['selector']), 'field is immutable')]),
      ...immutable(spec, before, 'template'),
      ...immutable(spec, before, 'completionMode'),
      ...immutable(spec, before, 'podFailurePolicy'),
    ];
  },
};

function labelAsTemplate(job: ApiObject): void {
  const labels = stringMapAt(job, 'spec', 'template', 'metadata', 'labels');
  if (Object.keys(labels).length > 0) job.metadata.labels = labels;
}

function immutable(spec: JsonObject, before: JsonObject, name: string): FieldError[] {
  return equalJson(spec[name], before[name]) ? [] : [invalidValue(`spec.${name}`, spec[name], 'field is immutable')];
}

/** Labels with the Job's uid and name, under the names of today and those of the first releases. */
function selectOwnPods(job: ApiObject, spec: JsonObject): void {
  const uid = job.metadata.uid ?? '';
  const { name } = job.metadata;
  const metadata = ensureObject(ensureObject(spec, 'template'), 'metadata');
  const given = stringMapAt(metadata, 'labels');
  const own = { [UID]: uid, [NAME]: name, 'controller-uid': uid, 'job-name': name };
  // A Job without labels of its own goes by those of its template, the generated ones included.
  const shared = equalJson(job.metadata.labels ?? {}, given);
  metadata['labels'] = { ...own, ...given };
  if (shared) labelAsTemplate(job);
  const selector = ensureObject(spec, 'selector');
  selector['matchLabels'] = { [UID]: uid, ...stringMapAt(selector, 'matchLabels') };
}

function jobFaults(job: ApiObject, spec: JsonObject): FieldError[] {
  const indexed = spec['completionMode'] === 'Indexed';
  return [
    ...(spec['manualSelector'] === true ? [] : generatedFaults(job, spec)),
    ...['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'].flatMap(
      (name) => negativeFault(spec, name, 'spec'),
    ),
    ...wordFault(spec, 'completionMode', 'spec', ['Indexed', 'NonIndexed']),
    ...(indexed && numberAt(spec, 'completions') === undefined
      ? [required('spec.completions', 'when completion mode is Indexed')]
      : []),
    ...templateFaults(spec),
    ...restartFaults(spec),
    ...(isObject(spec['selector'])
      ? labelSelectorFaults(spec['selector'], 'spec.selector')
      : [required('spec.selector')]),
    ...mismatchFaults(spec),
  ];
}

function restartFaults(spec: JsonObject): FieldError[] {
  const at = 'spec.template.spec.restartPolicy';
  const policy = plainText(objectAt(spec, 'template', 'spec')['restartPolicy']);
  if (policy === 'OnFailure' || policy === 'Never') return [];
  return policy === 'Always' || policy === ''
    ? [required(at, 'valid values: "OnFailure", "Never"')]
    : [notSupported(at, policy, ['OnFailure', 'Never'])];
}

function generatedFaults(job: ApiObject, spec: JsonObject): FieldError[] {
  const labels = stringMapAt(spec, 'template', 'metadata', 'labels');
  const selected = stringMapAt(spec, 'selector', 'matchLabels');
  const expected: Record<string, string> = {
    [UID]: job.metadata.uid ?? '',
    [NAME]: job.metadata.name,
    'controller-uid': job.metadata.uid ?? '',
    'job-name': job.metadata.name,
  };
  const missing = Object.entries(expected).flatMap(([name, value]) => {
    if (labels[name] === value) return [];
    const at = `spec.template.metadata.labels[${name}]`;
    return [
      labels[name] === undefined
        ? required(at, `must be '${value}'`)
        : invalidValue(at, goStringMap(labels), `must be '${value}'`),
    ];
  });
  const own = Object.entries(selected).every(([name, value]) => expected[name] === value);
  return [
    ...missing,
    ...(own ? [] : [invalidValue('spec.selector', goLabelSelector(spec['selector']), '`selector` not auto-generated')]),
  ];
}
