// Where system programs are looked for, whatever the caller's environment says.

/** Standard directories, with those of the administrator, which an ordinary user's PATH may lack. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
