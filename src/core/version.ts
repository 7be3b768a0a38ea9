/** Kept equal to package.json by a test: reading a file for it would cost every import. */
export const PACKAGE_VERSION = '0.1.0'
