package rest

// knowledgeRoutes are about what the bot knows and does.
func knowledgeRoutes() []route { return nil }
