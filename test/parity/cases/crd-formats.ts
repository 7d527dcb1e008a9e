// Values that string formats take and refuse.

/** A format, values that have it, and values that do not. */
export const formats: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'date-time',
    ['2020-02-29T23:59:59Z', '2020-01-01t00:00:00.5+02:00'],
    ['2020-01-01', '2021-02-29T00:00:00Z', '2020-01-01T24:00:00Z'],
  ],
  ['date', ['2020-02-29'], ['2021-02-29', '2020-1-1']],
  ['duration', ['1h30m', '0', '3 days'], ['soon', '5 parsecs']],
  ['ipv4', ['192.168.0.1'], ['256.0.0.1', '::1']],
  ['ipv6', ['::1', 'fe80::1'], ['1.2.3.4', 'fe80::1%eth0']],
  ['cidr', ['10.0.0.0/8', 'fd00::/64'], ['10.0.0.0', '10.0.0.0/33']],
  ['mac', ['00:00:5e:00:53:01', '00-00-5e-00-53-01', '0000.5e00.5301'], ['00:00:5e:00:53', '00:00:5e:00:53:0g']],
  [
    'uuid',
    ['3F2504E0-4F89-11D3-9A0C-0305E82C3301', '3f2504e04f8911d39a0c0305e82c3301'],
    ['3f2504e0', 'zf2504e0-4f89-11d3-9a0c-0305e82c3301'],
  ],
  ['uuid4', ['f47ac10b-58cc-4372-a567-0e02b2c3d479'], ['f47ac10b-58cc-3372-a567-0e02b2c3d479']],
  ['byte', ['aGVsbG8='], ['aGVsbG8']],
  ['hostname', ['example.com', 'a'], ['-a.example', 'a_b.example.com']],
  ['email', ['a@example.com'], ['example.com']],
  ['uri', ['https://example.com/a?b=c', '/relative'], ['not a uri']],
  ['hexcolor', ['#fff', '00FF00'], ['#ffff']],
  ['rgbcolor', ['rgb(1,2,3)'], ['rgb(1,2,256)']],
  ['isbn', ['978-0321751041', '0321751043'], ['0321751044']],
  ['creditcard', ['4111-1111-1111-1111'], ['4111-1111-1111-1112']],
  ['ssn', ['111-22-3333'], ['111-2-3333']],
  ['password', ['anything'], []],
  ['not-a-known-format', ['anything'], []],
];
