package rest

// contactRoutes are about customers: profiles, notes, merges.
func contactRoutes() []route { return nil }
