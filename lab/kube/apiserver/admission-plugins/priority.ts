// Admission plugin Priority: the name of a class becomes a number, and only one class may be everybody's.
import type { ApiObject } from '../json.ts';
import { ensureObject, numberAt, stringAt } from '../json.ts';
import type { AdmissionPlugin, Lookup } from './plugin.ts';
import { isAbout, refused } from './plugin.ts';

const GROUP = 'scheduling.k8s.io';
const PLURAL = 'priorityclasses';

/** Source: plugin/pkg/admission/priority of Kubernetes. */
export function priority({ find, all }: Lookup): AdmissionPlugin {
  const defaultClass = (): ApiObject | undefined => {
    let least: ApiObject | undefined;
    for (const entry of all(GROUP, PLURAL)) {
      if (entry['globalDefault'] !== true) continue;
      if (least === undefined || (numberAt(entry, 'value') ?? 0) < (numberAt(least, 'value') ?? 0)) least = entry;
    }
    return least;
  };
  return {
    admit(request, pod) {
      if (!isAbout(request, '', 'pods')) return;
      const spec = ensureObject(pod, 'spec');
      if (request.operation === 'UPDATE') {
        for (const member of ['priority', 'preemptionPolicy'])
          spec[member] ??= ensureObject({ ...request.old }, 'spec')[member];
        return;
      }
      const name = stringAt(spec, 'priorityClassName') ?? '';
      const found = name === '' ? defaultClass() : find(GROUP, PLURAL, undefined, name);
      if (name !== '' && found === undefined)
        throw refused(request, pod, `no PriorityClass with name ${name} was found`);
      if (found !== undefined) spec['priorityClassName'] = found.metadata.name;
      const value = numberAt(found, 'value') ?? 0;
      const policy = stringAt(found, 'preemptionPolicy') ?? 'PreemptLowerPriority';
      const computed = 'priority admission controller computed';
      if (typeof spec['priority'] === 'number' && spec['priority'] !== value)
        throw refused(
          request,
          pod,
          `the integer value of priority (${spec['priority']}) must not be provided in pod spec; ${computed} ${value} from the given PriorityClass name`,
        );
      if (typeof spec['preemptionPolicy'] === 'string' && spec['preemptionPolicy'] !== policy)
        throw refused(
          request,
          pod,
          `the string value of PreemptionPolicy (${spec['preemptionPolicy']}) must not be provided in pod spec; ${computed} ${policy} from the given PriorityClass name`,
        );
      spec['priority'] = value;
      spec['preemptionPolicy'] = policy;
    },
    validate(request, entry) {
      if (!isAbout(request, GROUP, PLURAL) || entry?.['globalDefault'] !== true) return;
      const standing = defaultClass()?.metadata.name;
      if (standing !== undefined && (request.operation === 'CREATE' || standing !== entry.metadata.name))
        throw refused(
          request,
          entry,
          `PriorityClass ${standing} is already marked as default. Only one default can exist`,
        );
    },
  };
}
