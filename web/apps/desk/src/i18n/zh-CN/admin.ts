import { designer } from './designer.ts'
import { own } from './own.ts'
import { settings } from './settings.ts'
import { staffing } from './staffing.ts'
import { start } from './start.ts'

/** Texts of the administration pages, loaded with the first of them and not with the desk. */
export const admin = { settings, designer, own, start, staffing }
