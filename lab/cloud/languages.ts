// What X-TC-Language does: with zh-CN the kind of an error is told in Chinese before the details, which stay English (GUESS on every sentence).

/** Kinds of errors by the beginning of their code; the longest that fits counts. */
const CHINESE: Readonly<Record<string, string>> = {
  AuthFailure: '签名或密钥错误。',
  AddressQuotaLimitExceeded: '弹性公网IP配额不足。',
  FailedOperation: '操作失败。',
  InternalError: '内部错误。',
  InvalidAction: '接口不存在。',
  InvalidParameter: '参数错误。',
  InvalidParameterValue: '参数取值错误。',
  'InvalidParameterValue.Malformed': '参数格式错误。',
  LimitExceeded: '超过配额限制。',
  MissingParameter: '缺少参数。',
  MutexOperation: '正在执行其他任务。',
  NoSuchVersion: '接口版本不存在。',
  OperationDenied: '操作被拒绝。',
  RequestLimitExceeded: '请求的次数超过了频率限制。',
  RequestSizeLimitExceeded: '请求包超过限制大小。',
  ResourceInUse: '资源被占用。',
  ResourceInsufficient: '资源不足。',
  ResourceNotFound: '资源不存在。',
  UnknownParameter: '未知参数。',
  UnsupportedOperation: '操作不支持。',
  UnsupportedProtocol: '协议不支持。',
  UnsupportedRegion: '不支持该地域。',
};

/** The text in the language of the request; English unless it asks for zh-CN, and wherever the kind has no Chinese. */
export function messageIn(language: string | undefined, code: string, message: string): string {
  if (language !== 'zh-CN') return message;
  const kind = Object.keys(CHINESE)
    .filter((beginning) => code === beginning || code.startsWith(`${beginning}.`))
    .toSorted((a, b) => b.length - a.length)[0];
  return `${CHINESE[kind ?? ''] ?? ''}${message}`;
}
