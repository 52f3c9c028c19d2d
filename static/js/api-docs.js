// Draws the API's description on its page.
const place = document.getElementById("api-docs");
SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  deepLinking: true,
  validatorUrl: null, // Nothing of this shop leaves it.
});
