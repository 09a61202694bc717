import type { admin as chinese } from '../zh-CN/admin.ts'
import { designer } from './designer.ts'
import { own } from './own.ts'
import { settings } from './settings.ts'
import { staffing } from './staffing.ts'
import { start } from './start.ts'

export const admin: typeof chinese = { settings, designer, own, start, staffing }
