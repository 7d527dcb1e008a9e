// Every row of every error catalogue, for `explain CODE` and the docs page.
import { agentErrors } from '../../agent/errors.ts';
import type { CatalogueEntry } from '../../base/errors.ts';
import { cloudErrors } from '../../cloud/errors.ts';
import { ipamdErrors } from '../../controllers/errors.ts';
import { kubeErrors } from '../../kube/kube-errors.ts';
import { masqErrors } from '../../masquerade/errors.ts';
import { cliErrors } from '../errors.ts';

/** By code, each once. A test finds every catalogue of the sources and holds it against this list. */
export function allErrors(): readonly CatalogueEntry[] {
  return [agentErrors, cloudErrors, ipamdErrors, kubeErrors, masqErrors, cliErrors]
    .flatMap((catalogue): readonly CatalogueEntry[] => Object.values(catalogue))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** The row of a code, whatever its case; also of the reason of an Event or a condition. */
export function errorsNamed(name: string): readonly CatalogueEntry[] {
  const wanted = name.toUpperCase();
  return allErrors().filter((entry) => entry.code === wanted || entry.eventReason.toUpperCase() === wanted);
}

/** Codes that share a part with what was typed, the nearest first, at most five. */
export function errorsNear(name: string): readonly string[] {
  const parts = name.toUpperCase().split(/[^A-Z0-9]+/);
  return allErrors()
    .map((entry) => ({
      code: entry.code,
      shared: parts.filter((part) => part.length > 2 && entry.code.split('-').includes(part)).length,
    }))
    .filter(({ shared }) => shared > 0)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, 5)
    .map(({ code }) => code);
}
