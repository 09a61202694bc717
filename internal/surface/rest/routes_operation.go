package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// operationRoutes are for whoever runs the installation.
func operationRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/api/v1/dead-letters", "listDeadLetters", "Events that could not be handled", auth.DeadLettersManage, false, to((*Server).listDeadLetters)},
		{post, "/api/v1/dead-letters/{id}/replay", "replayDeadLetter", "Handle them again", auth.DeadLettersManage, false, to((*Server).replayDeadLetter)},
		{get, "/api/v1/system", "getSystem", "How the installation is: database, disk, consumers of the log, bot, trainings, flows", auth.MetricsRead, false, to((*Server).getSystem)},
		{get, "/api/v1/mails", "listMails", "E-mails that were not sent yet", auth.DeadLettersManage, false, to((*Server).listMails)},
		{post, "/api/v1/mails/{id}/retry", "retryMail", "Try an e-mail again that was put aside", auth.DeadLettersManage, false, to((*Server).retryMail)},
		{post, "/api/v1/keys/rotation", "rotateKeys", "Give the account a new data key and seal everything anew; while that runs, a repeat joins it", auth.KeysManage, false, to((*Server).rotateKeys)},
		{get, "/api/v1/keys/rotation", "getRotation", "How far the rotation is", auth.KeysManage, false, to((*Server).getRotation)},
	}
}
