import { ref } from 'vue'

/** How much came while the page was hidden, for the tab's title. */
export const unseen = ref(0)
