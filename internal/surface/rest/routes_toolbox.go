package rest

// toolboxRoutes are what agents work with: labels, canned replies, drafts.
func toolboxRoutes() []route { return nil }
