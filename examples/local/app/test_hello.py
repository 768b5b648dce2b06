"""The sample app's own tests: the pipeline runs them before it deploys."""
import unittest

import hello


class PageTest(unittest.TestCase):
    def test_greets(self):
        status, text = hello.page("/", "v1")
        self.assertEqual(status, 200)
        self.assertIn("v1", text)

    def test_knows_what_is_not_there(self):
        self.assertEqual(hello.page("/nowhere", "v1")[0], 404)


if __name__ == "__main__":
    unittest.main()
