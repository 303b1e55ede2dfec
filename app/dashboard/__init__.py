"""What browsers get: templates, style sheets, scripts. The routes are in app.api.pages."""
