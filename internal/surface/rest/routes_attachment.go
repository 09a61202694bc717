package rest

// attachmentRoutes carry files.
func attachmentRoutes() []route { return nil }
