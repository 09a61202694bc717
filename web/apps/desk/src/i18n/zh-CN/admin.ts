/** Texts of the administration pages, loaded with the first of them and not with the desk. */
export const admin = {}
