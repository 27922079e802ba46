from enum import StrEnum


class OnboardingPageSource(StrEnum):
    EVERYONE = "everyone"
    NEWEST = "newest"
    ONBOARDING = "onboarding"
    SNAPSHOT = "snapshot"

    def __str__(self) -> str:
        return str(self.value)
