import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { queries, server } from '../../server.ts'
import { queueKeys } from './api.ts'
import type { AgentWork, QueueRules, Skill, Staffing, TeamWork } from './shapes.ts'

export function useStaffing() {
  return useQuery({ queryKey: queueKeys.staffing, queryFn: () => server.get<Staffing>('/staffing'), staleTime: 0 })
}

export function useSkills() {
  return useQuery({ queryKey: queueKeys.skills, queryFn: async () => (await server.get<Page<Skill>>('/skills')).items, staleTime: 0 })
}

async function staffed(work: Promise<unknown>): Promise<void> {
  await work
  await Promise.all([queries.invalidateQueries({ queryKey: queueKeys.staffing }), queries.invalidateQueries({ queryKey: queueKeys.skills })])
}

export const saveSkill = (skill: Skill): Promise<void> => staffed(server.command(skill.id ? 'PUT' : 'POST', skill.id ? `/skills/${skill.id}` : '/skills', skill.id ? { name: skill.name, revision: skill.revision } : { name: skill.name }))
export const deleteSkill = (id: string): Promise<void> => staffed(server.command('DELETE', `/skills/${id}`))
export const saveAgentWork = (id: string, work: AgentWork): Promise<void> => staffed(server.command('PUT', `/staffing/agents/${id}`, work))
export const saveTeamWork = (id: string, work: TeamWork): Promise<void> => staffed(server.command('PUT', `/staffing/teams/${id}`, work))
export const saveRules = (rules: QueueRules): Promise<void> => staffed(server.command('PUT', '/staffing/rules', rules))
