package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// queueRoutes are about who is there and who waits.
func queueRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const skills, staffing, one = "/api/v1/skills", "/api/v1/staffing", "/api/v1/conversations/{id}"
	const callbacks, robots = "/api/v1/callbacks", "/api/v1/robots"
	return []route{
		{get, "/api/v1/presence", "listPresence", "Who is there", auth.PeopleRead, false, to((*Server).listPresence)},
		{put, "/api/v1/presence", "setPresence", "Say where one is oneself", auth.ConversationsReply, false, to((*Server).setPresence)},
		{post, "/api/v1/presence/idle", "setIdle", "Tell that one's hands are, or are not, on the keyboard", auth.ConversationsReply, false, to((*Server).setIdle)},
		{post, "/api/v1/presence/shift-end", "endShift", "End one's shift: what customers wait for goes back to the queue", auth.ConversationsReply, false, to((*Server).endShift)},

		{get, skills, "listSkills", "Skills", auth.PeopleRead, false, to((*Server).listSkills)},
		{post, skills, "createSkill", "Add a skill", auth.QueueManage, false, to((*Server).createSkill)},
		{put, skills + "/{id}", "renameSkill", "Rename a skill", auth.QueueManage, false, to((*Server).renameSkill)},
		{del, skills + "/{id}", "deleteSkill", "Delete a skill; agents lose it and inboxes do not ask for it any more", auth.QueueManage, false, to((*Server).deleteSkill)},

		{get, staffing, "getStaffing", "Who can take what, when teams work, how the queue works", auth.PeopleRead, false, to((*Server).getStaffing)},
		{put, staffing + "/agents/{id}", "setAgentWork", "Say what an agent can take", auth.QueueManage, false, to((*Server).setAgentWork)},
		{put, staffing + "/teams/{id}", "setTeamWork", "Say when and how a team works", auth.QueueManage, false, to((*Server).setTeamWork)},
		{put, staffing + "/rules", "setQueueRules", "Say how the queue works", auth.QueueManage, false, to((*Server).setQueueRules)},

		{get, "/api/v1/queue/day", "getQueueDay", "How waits have ended since a time, and which alerts are on", auth.ConversationsRead, false, to((*Server).getQueueDay)},
		{get, callbacks, "listCallbacks", "Customers who want to be called back, the newest first", auth.ConversationsRead, false, to((*Server).listCallbacks)},
		{post, callbacks + "/{id}/done", "finishCallback", "Tick a callback off", auth.ConversationsReply, false, to((*Server).finishCallback)},
		{post, callbacks + "/{id}/reopen", "reopenCallback", "Put a callback on the list again", auth.ConversationsReply, false, to((*Server).reopenCallback)},

		{get, robots, "listRobots", "Group robots that are told of alerts", auth.QueueManage, false, to((*Server).listRobots)},
		{post, robots, "createRobot", "Add a group robot", auth.QueueManage, false, to((*Server).createRobot)},
		{put, robots + "/{id}", "changeRobot", "Change a group robot; an empty address or secret keeps what is stored", auth.QueueManage, false, to((*Server).changeRobot)},
		{del, robots + "/{id}", "deleteRobot", "Delete a group robot", auth.QueueManage, false, to((*Server).deleteRobot)},
		{post, robots + "/{id}/test", "testRobot", "Let a robot say a test message now", auth.QueueManage, false, to((*Server).testRobot)},

		{get, "/api/v1/queue", "getQueue", "Who waits, in the order of service, and why", auth.ConversationsRead, false, to((*Server).getQueue)},
		{post, one + "/decline", "decline", "Give a conversation back that the queue gave one", auth.ConversationsReply, false, to((*Server).decline)},
		{post, one + "/transfer", "transfer", "Give a conversation to a colleague or a team, with a note", auth.ConversationsAssign, false, to((*Server).transfer)},
		{post, one + "/escalate", "escalate", "Give a conversation to the senior team at once", auth.ConversationsAssign, false, to((*Server).escalate)},
	}
}
