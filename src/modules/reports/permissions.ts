/** Whether the reader may look at one colleague's records alone; ends in .read, so that a token limited to reading may. */
export const BY_USER = 'report.by_user.read';
export const EXPORT = 'report.export';
