// Which of the three sub-ENI actions of document 002's CAM policy the cloud refuses to our role: seen in its answers, forgotten when one goes through.
import { cloudErrors, isCloudError } from '../cloud/errors.ts';
import type { VpcCloud } from '../cloud/vpc-cloud.ts';

export interface SubEniDenials {
  /** CAM names of the actions refused last, e.g. `vpc:CreateSubNetworkInterface`, in the order of the document. */
  actions(): readonly string[];
  onChange(listener: () => void): () => void;
}

/** The actions as document 002 writes them. */
const CAM_NAMES = {
  createSubEni: 'vpc:CreateSubNetworkInterface',
  deleteSubEni: 'vpc:DeleteSubNetworkInterface',
  checkSecurityGroupReady: 'cvm:CheckNetworkInterfaceSecurityGroupReady',
} as const;

type Observed = keyof typeof CAM_NAMES;

/** The same cloud, whose answers to these calls are noted on their way. */
export function observeSubEniDenials<T extends VpcCloud>(
  cloud: T,
): { readonly cloud: T; readonly denials: SubEniDenials } {
  const denied = new Set<Observed>();
  const listeners = new Set<() => void>();
  const note = (method: Observed, isDenied: boolean): void => {
    if (denied.has(method) === isDenied) return;
    if (isDenied) denied.add(method);
    else denied.delete(method);
    for (const listener of listeners) listener();
  };
  const noting = async <R>(method: Observed, answer: Promise<R>): Promise<R> => {
    try {
      const result = await answer;
      note(method, false);
      return result;
    } catch (error) {
      if (isCloudError(error, cloudErrors.unauthorized)) note(method, true);
      throw error;
    }
  };
  const observed: Pick<VpcCloud, Observed> = {
    createSubEni: (request, call) => noting('createSubEni', cloud.createSubEni(request, call)),
    deleteSubEni: (eniId, call) => noting('deleteSubEni', cloud.deleteSubEni(eniId, call)),
    checkSecurityGroupReady: (eniIds, call) =>
      noting('checkSecurityGroupReady', cloud.checkSecurityGroupReady(eniIds, call)),
  };
  return {
    // Whatever else the cloud is keeps its own `this`.
    cloud: new Proxy(cloud, {
      get: (target, property) => {
        const own: unknown = Reflect.get(observed, property);
        if (own !== undefined) return own;
        const member: unknown = Reflect.get(target, property);
        return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
      },
    }),
    denials: {
      actions: () =>
        Object.entries(CAM_NAMES).flatMap(([method, name]) => (denied.has(method as Observed) ? [name] : [])),
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}
