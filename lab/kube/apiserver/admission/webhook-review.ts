// AdmissionReview requests, and refusals and failures in Kubernetes' words.
import { userInfo } from '../http/reviews.ts';
import type { JsonObject } from '../json.ts';
import { isObject, numberAt, objectsAt, stringAt } from '../json.ts';
import { internalError, StatusError } from '../status.ts';
import type { StatusDetails } from '../status.ts';
import type { AdmissionView } from './admission-view.ts';
import { optionsOf } from './admission-view.ts';
import type { Match } from './matching.ts';
import { inKind } from './matching.ts';
import type { ReviewVersion } from './webhook-config.ts';

/** The AdmissionReview that a webhook is sent, in the version of the resource that it asked for. */
export function reviewBody(uid: string, view: AdmissionView, match: Match, version: ReviewVersion): JsonObject {
  const { request, subresource, namespace } = view;
  const sub = subresource === '' ? {} : { subResource: subresource };
  const requestSub = subresource === '' ? {} : { requestSubResource: subresource };
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: match.kind,
      resource: match.resource,
      ...sub,
      requestKind: view.kind,
      requestResource: view.resource,
      ...requestSub,
      ...(view.name === '' ? {} : { name: view.name }),
      ...(namespace === '' ? {} : { namespace }),
      operation: request.operation,
      userInfo: userInfo(request.scope.user),
      object: inKind(view.object, match.kind) ?? null,
      oldObject: inKind(view.oldObject, match.kind) ?? null,
      dryRun: request.dryRun,
      options: optionsOf(request),
    },
  };
}

/** The refusal of a webhook: its own Status, the message introduced by its name. */
export function deniedError(name: string, status: JsonObject): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const message = stringAt(status, 'message') || stringAt(status, 'reason') || '';
  const code = numberAt(status, 'code') ?? 0;
  return new StatusError(
    code < 400 ? 400 : code,
    stringAt(status, 'reason') ?? '',
    message === '' ? `${by} without explanation` : `${by}: ${message}`,
    detailsOf(status),
  );
}

function detailsOf(status: JsonObject): StatusDetails | undefined {
  const { details } = status;
  if (!isObject(details)) return undefined;
  const texts = Object.fromEntries(
    ['name', 'group', 'kind', 'uid'].flatMap((member) => {
      const text = stringAt(details, member);
      return text === undefined ? [] : [[member, text]];
    }),
  );
  const causes = objectsAt(details, 'causes').map((cause) =>
    Object.fromEntries(
      ['reason', 'message', 'field'].flatMap((member) => {
        const text = stringAt(cause, member);
        return text === undefined ? [] : [[member, text]];
      }),
    ),
  );
  const retryAfterSeconds = numberAt(details, 'retryAfterSeconds');
  return {
    ...texts,
    ...(causes.length === 0 ? {} : { causes }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** A webhook that could not be asked, with failurePolicy Fail. */
export function failedError(name: string, why: string): StatusError {
  return internalError(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
}
